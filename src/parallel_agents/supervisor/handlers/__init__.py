"""What answers each request: a file a subject, named like the subject's file in `wire/messages/`.

Keep true: a handler answers only when the effect is journalled, and what a person could miss is on
the disk; the same key acts once; git runs in threads; whatever is answered is raw, made safe only
where it is shown.
"""
