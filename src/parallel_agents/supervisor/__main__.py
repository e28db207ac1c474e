"""`python -I -m parallel_agents.supervisor`: how clients start the supervisor."""

import sys

from parallel_agents.supervisor.lifecycle import main

sys.exit(main())
