package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	resticBackup  = "restic backup --ignore-ctime"
	resticRestore = "restic restore"
	rcloneCopy    = "rclone copy, of a tenth"
)

// works measures everything.
func (a *away) works() (all []result, err error) {
	for _, part := range []func() ([]result, error){a.first, a.next, a.restore, a.list, a.prune} {
		results, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

// first copies the first snapshot, in each round to places of its own; on those of the last round the others go on.
func (a *away) first() ([]result, error) {
	const work = "first copy"
	all, err := a.turns(work, dropData, map[string]string{resticBackup: "0.5"}, func(round int) ([]command, error) {
		for _, of := range []string{"snap", "restic", "rclone"} {
			if err := a.store.remove(a.prefix(of)); err != nil {
				return nil, err
			}
		}
		a.place = round + 1
		latest, err := a.latest()
		if err != nil {
			return nil, err
		}
		if err := a.add(); err != nil {
			return nil, err
		}
		return a.counted(work, a.beside(a.copy(), a.resticBackup(latest), a.rcloneCopy(latest)))
	})
	return all, errors.Join(err, a.hold("the first copy"))
}

// next copies one more snapshot.
func (a *away) next() ([]result, error) {
	const work = "one more snapshot, 1 % changed"
	all, err := a.turns(work, warm, map[string]string{resticBackup: "0.1"}, func(round int) ([]command, error) {
		if err := a.do("mutate", a.src, round+1); err != nil {
			return nil, err
		}
		time.Sleep(4 * time.Second) // what is younger than 3 s is read again
		if _, err := a.time(a.backup("snap backup"), warm); err != nil {
			return nil, err
		}
		latest, err := a.latest()
		if err != nil {
			return nil, err
		}
		return a.counted(work, a.beside(a.copy(), a.resticBackup(latest)))
	})
	return all, errors.Join(err, a.hold(fmt.Sprintf("%d more", a.rounds)))
}

// restore brings everything back where nothing is known but the place and the passphrase. What came back stays: ext4
// takes many times as long to make files for minutes after as many were deleted (see settle), which is no part of a
// restore elsewhere.
func (a *away) restore() ([]result, error) {
	const work = "restore of everything, elsewhere"
	return a.turns(work, dropData, map[string]string{resticRestore: "0.8"}, func(int) ([]command, error) {
		x, y := a.fresh(), a.fresh()
		commands, err := a.counted(work, a.beside(
			command{"snap restore", []string{a.snap, "restore", "-q", "-d", a.at("snap"), "latest", "--target", x}, nil},
			command{resticRestore, []string{a.restic, "-q", "-r", a.at("restic"), "restore", "latest", "--target", y},
				nil}))
		return commands, errors.Join(err, a.forget())
	})
}

// list asks for what is there, first where nothing is known, then again.
func (a *away) list() ([]result, error) {
	snap := command{"snap list", []string{a.snap, "list", "-d", a.at("snap")}, nil}
	restic := command{"restic snapshots", []string{a.restic, "-q", "-r", a.at("restic"), "snapshots"}, nil}
	var all []result
	for _, work := range []string{"list, elsewhere", "list, again"} {
		results, err := a.turns(work, warm, nil, func(int) ([]command, error) {
			commands, err := a.counted(work, a.beside(snap, restic))
			if work == "list, elsewhere" {
				err = errors.Join(err, a.forget())
			}
			return commands, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

// prune deletes all snapshots but the newest. It can be done once.
func (a *away) prune() ([]result, error) {
	const work = "prune, all but the newest"
	defer func(rounds int) { a.rounds = rounds }(a.rounds)
	a.rounds = 1
	all, err := a.turns(work, warm, nil, func(int) ([]command, error) {
		return a.counted(work, a.beside(
			command{"snap prune", []string{"sh", "-c", `cd "$0" && exec "$1" prune -q -d "$2" --keep-last 1 --allow-most`,
				a.dest, a.snap, a.remote()}, nil},
			command{"restic forget --prune", []string{a.restic, "-q", "-r", a.at("restic"), "forget", "--prune",
				"--group-by", "", "--keep-last", "1"}, nil}))
	})
	return all, err
}

// beside is snap's command and, where there are peers, theirs.
func (a *away) beside(snap command, others ...command) []command {
	if !a.peers {
		return []command{snap}
	}
	return append([]command{snap}, others...)
}

func (a *away) copy() command {
	return command{"snap copy", []string{a.snap, "copy", "-q", "-d", a.dest, a.remote()}, nil}
}

// resticBackup is restic's of a snapshot, from inside it: so it knows again what it has seen in the one before.
func (a *away) resticBackup(latest string) command {
	return command{resticBackup, []string{"sh", "-c",
		`cd "$0" && exec "$1" -q -r "$2" backup --ignore-ctime --group-by host .`, latest, a.restic, a.at("restic")}, nil}
}

// rcloneCopy is rclone's of one of the ten top folders, as all of them take minutes.
func (a *away) rcloneCopy(latest string) command {
	return command{rcloneCopy, []string{"rclone", "--config", "", "copy", "--transfers", "32", "--checkers", "32",
		"--s3-no-check-bucket", filepath.Join(latest, "top00"), ":s3:" + bucket + "/" + a.prefix("rclone")}, nil}
}

// forget removes what snap and restic keep to be quicker the next time.
func (a *away) forget() error { return os.RemoveAll(filepath.Join(a.dir, "cache")) }
