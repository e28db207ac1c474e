"""The request handlers: one file per subject, named like that subject's file in `wire/messages/`.

Keep true: a handler answers only once the effect is journalled and anything the user could miss is
on the disk; the same key acts once; git runs in threads; replies hold raw text, which is made safe
only where it is shown.
"""
