"""Where the files of jobs live: one contract (`thumbapp.media.store`), one module a kind of store."""
