"""What everything in the supervisor stands on: settings, threads, tasks, small files."""
