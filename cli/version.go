package cli

import (
	"runtime"
	"runtime/debug"
	"strings"

	"snap/cli/wire"
)

// release is the version, set by the linker in releases: -ldflags "-X snap/cli.release=1.0.0".
var release = ""

// next is the version that is worked on. A build that is no release is one of those before it.
const next = "0.1.0"

func versionCommand() *command {
	return &command{
		Name: "version", Short: "the version", Group: groupOther,
		Long: "Prints the version of snap, and with --json how it was built.",
		Run: func(c *call) error {
			if !c.opts.json {
				return printVersion(c.out)
			}
			return c.json(buildInfo())
		},
	}
}

func printVersion(out *output) error {
	_, err := out.Write([]byte("snap " + buildInfo().Version + "\n"))
	return err
}

func buildInfo() wire.Build {
	info, _ := debug.ReadBuildInfo()
	b := wire.Build{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	b.Version, b.Revision = versionOf(release, info)
	return b
}

// versionOf is the version of a program whose linker was told release, and the commit that it was built from, as far as
// info knows it; info may be nil. Without a tag Go makes up a version that is below all others, 0.0.0 and a time, and
// none at all outside a checkout: next says more.
func versionOf(release string, info *debug.BuildInfo) (version, commit string) {
	tag, dirty := "", false
	if info != nil {
		tag = strings.TrimPrefix(info.Main.Version, "v")
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.modified":
				dirty = s.Value == "true"
			}
		}
	}
	switch {
	case release != "":
		return release, commit
	case tag != "" && tag != "(devel)" && !strings.HasPrefix(tag, "0.0.0-"):
		return tag, commit
	}
	version = next + "-dev"
	if commit != "" {
		version += "+" + commit[:min(len(commit), 12)]
		if dirty {
			version += ".dirty"
		}
	}
	return version, commit
}
