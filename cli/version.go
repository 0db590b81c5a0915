package cli

import (
	"runtime"
	"runtime/debug"

	"snap/cli/wire"
)

// release is the version, set by the linker in releases: -ldflags "-X snap/cli.release=1.0.0".
var release = ""

func versionCommand() *command {
	return &command{
		Name: "version", Short: "the version", Group: groupOther,
		Long: "Prints the version of snap, and with --json how it was built.",
		Run: func(c *call) error {
			if !c.opts.json {
				return printVersion(c.out)
			}
			b := buildInfo()
			return c.json(b)
		},
	}
}

func buildInfo() wire.Build {
	b := wire.Build{Version: release, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}

func printVersion(out *output) error {
	b := buildInfo()
	if b.Version == "" {
		b.Version = "(devel)"
	}
	_, err := out.Write([]byte("snap " + b.Version + "\n"))
	return err
}
