complete --keep-order --exclusive --command streamer --arguments "(COMPLETE=fish streamer -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
