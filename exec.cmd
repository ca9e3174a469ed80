@rem The scripts of package.json begin with "exec", so that npm's signals reach them and not a shell in between.
@rem POSIX shells have it built in; this is the same word for the Windows command prompt.
@%*
