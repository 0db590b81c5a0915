// Command snap keeps incremental backups as plain folders with hard links. What it does is in package
// cli, where cli.Run is the place to begin; here are only the signals, the standard streams and the exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"snap/cli"
	"snap/cli/exit"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // little lives long here, whatever the number of files: fewer collections, a few MiB more
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(100 << 20) // close to it they come more often: a folder of 300,000 files takes half the memory
	}
	os.Exit(run())
}

// run ends the command in order at the first signal and at once at the second.
func run() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	// A closed pipe shall be an error of the write, not the end of a backup.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // nohup asked for that
			signal.Notify(signals, s)
		}
	}
	go func() {
		cancel(&exit.BySignal{Signal: <-signals})
		os.Exit((&exit.BySignal{Signal: <-signals}).ExitCode())
	}()
	return cli.Run(ctx, cli.System(), os.Args)
}
