package cli

import (
	"slices"
	"strings"
)

// What people type who know other programs, and what it is called here. The nearest of our own words by letters would
// be another thing: delete for undelete. It is for mistakes of the hand.

// otherWords are commands of other programs: the name of ours alone, or what to do.
var otherWords = map[string]string{
	"save": "backup", "snapshot": "backup", "create": "backup", "run": "backup", "push": "backup", "sync": "backup",
	"setup": "init", "new": "init",
	"info": "status", "health": "status", "state": "status",
	"cron": "schedule", "timer": "schedule", "auto": "schedule", "systemd": "schedule",
	"archives": "list", "snaps": "list", "backups": "list",
	"dir": "ls", "tree": "ls", "stat": "ls",
	"compare": "diff", "changes": "diff", "changed": "diff",
	"grep": "find", "search": "find", "locate": "find", "which": "find", "where": "find",
	"versions": "history", "timeline": "history",
	"du": "stats", "df": "stats", "size": "stats", "usage": "stats", "space": "stats",
	"dump": "cat", "print": "cat", "show": "cat", "type": "cat",
	"recover": "restore", "undo": "restore", "rollback": "restore",
	"why":    "explain",
	"verify": "check", "validate": "check", "scrub": "check", "test": "check",
	"expire": "prune", "clean": "prune", "cleanup": "prune", "keep": "prune", "thin": "prune",
	"erase": "purge", "rewrite": "purge", "shred": "purge",
	"label": "tag", "comment": "note", "describe": "note",
	"manual": "man",

	"fsck":     "snap check says what is wrong\nsnap check --repair mends it",
	"repair":   "snap check --repair mends what can be mended\nfor the index: snap reindex",
	"heal":     "snap check --repair mends what can be mended\nfor the index: snap reindex",
	"rm":       removeText,
	"remove":   removeText,
	"del":      removeText,
	"drop":     removeText,
	"mount":    mountText,
	"umount":   mountText,
	"unmount":  mountText,
	"browse":   mountText,
	"open":     mountText,
	"cp":       copyText,
	"copy":     copyText,
	"get":      copyText,
	"extract":  "snap restore REF:PATH --target DIR brings it back\nas an archive: snap cat --archive tar REF:PATH",
	"export":   "as an archive: snap cat --archive tar REF:PATH\nas files: snap restore REF:PATH --target DIR",
	"tar":      "snap cat --archive tar REF:PATH",
	"zip":      "snap cat --archive zip REF:PATH",
	"archive":  "snap cat --archive tar REF:PATH\nto make a snapshot: snap backup",
	"import":   "to take in snapshots of another program: snap reindex --adopt",
	"migrate":  "to take in snapshots of another program: snap reindex --adopt",
	"adopt":    "snap reindex --adopt",
	"gc":       "nothing is to be done: what is deleted gives its space back at once",
	"compact":  "nothing is to be done: what is deleted gives its space back at once",
	"unlock":   "nothing is to be done: a lock ends with the run that holds it",
	"exclude":  rulesText,
	"include":  rulesText,
	"ignore":   rulesText,
	"filter":   rulesText,
	"rules":    rulesText,
	"config":   settingsText,
	"settings": settingsText,
	"options":  settingsText,
	"policy":   settingsText,

	"rebuild-index": "reindex", "repair-index": "reindex", "rebuild": "reindex", "index": "reindex",
}

const (
	removeText = "for a snapshot: snap delete REF\nfor a path in all of them: snap purge PATH"
	mountText  = "snapshots are folders: open DEST/latest, or one that snap list names"
	copyText   = "snap restore REF:PATH --target DIR; a file's bytes: snap cat REF:PATH\n" +
		"snapshots are folders, and cp works too"
	rulesText = "what is left out stands in DEST/Blacklist.txt\nwhat is taken in even so in DEST/Whitelist.txt\n" +
		"to try a line: snap explain PATH --exclude PATTERN"
	settingsText = "settings stand in DEST/BackupOptions.txt, with a comment each"
)

// otherFlags are flags of other programs, and what to do here. A key may begin with the command that it is for.
var otherFlags = map[string]string{
	"backup delete": "a snapshot holds what the source holds: what is deleted there is in older snapshots only",
	"backup delete-excluded": "a snapshot holds what the source holds: what is left out by now is in older snapshots " +
		"only",
	"backup archive":     keptText,
	"backup recursive":   "a folder is always backed up with all that is in it",
	"backup r":           "a folder is always backed up with all that is in it",
	"backup source":      "sources have no flag: snap backup DEST SRC…",
	"backup target":      "the destination has no flag, or -d: snap backup DEST SRC…",
	"backup c":           "every file is read with --checksum",
	"restore checksum":   "every byte is verified while it is restored",
	"restore verify":     "every byte is verified while it is restored",
	"restore to":         "--target DIR",
	"restore out":        "--target DIR",
	"restore output":     "--target DIR",
	"restore o":          "--target DIR",
	"restore recursive":  "a folder always comes back with all that is in it",
	"restore r":          "a folder always comes back with all that is in it",
	"restore path":       "a path stands behind its snapshot: snap restore REF:PATH",
	"restore force":      "--overwrite if-changed, if-newer or always",
	"restore C":          "--target DIR",
	"restore backup":     "what is there stays as it is with --overwrite skip",
	"restore archive":    "as an archive: snap cat --archive tar REF:PATH",
	"diff path":          "paths stand behind --: snap diff A B -- PATH",
	"prune prune":        "it is not needed: what is deleted gives its space back at once",
	"prune older-than":   "all of a time is kept by --keep-within 30d",
	"delete older-than":  "all of a time is kept by: snap prune --keep-within 30d",
	"delete prune":       "it is not needed: what is deleted gives its space back at once",
	"check verify-data":  "every byte is read with --read-data",
	"check deep":         "every byte is read with --read-data",
	"check full":         "every byte is read with --read-data",
	"check fix":          "--repair",
	"stats path":         "--folders PATH",
	"find name":          "names need no flag: snap find '*.txt'",
	"find iname":         "-i, as with: snap find -i '*.txt'",
	"explain source":     "--source-dir SRC",
	"reindex source":     "--source-dir SRC",
	"backup exclude-dir": "--exclude 'NAME/'",

	"a": keptText, "archive": keptText, "perms": keptText, "owner": keptText, "group": keptText, "times": keptText,
	"links": keptText, "hard-links": keptText, "xattrs": keptText, "acls": keptText, "sparse": keptText,
	"preserve": keptText, "p": keptText, "H": keptText, "A": keptText, "X": keptText, "S": keptText,

	"r": destText, "repo": destText, "repository": destText, "destination": destText, "f": destText,

	"progress": "progress is shown on a terminal by itself; -q is without",
	"P":        "progress is shown on a terminal by itself",
	"info":     "-v; given twice it says most", "debug": "-v; given twice it says most",
	"silent": "-q", "no-progress": "-q",
	"human-readable": "sizes are readable by themselves; --units raw gives bytes",
	"no-color":       "--color never", "colour": "--color", "no-colour": "--color never",
	"yes": "nothing is asked", "y": "nothing is asked", "no-confirm": "nothing is asked",
	"z": compressText, "compress": compressText, "compression": compressText,
	"password": encryptText, "password-file": encryptText, "encrypt": encryptText, "encryption": encryptText,
	"link-dest": "it is not needed: unchanged files are hard links into the snapshot before",
	"partial":   "it is not needed: an interrupted backup is gone on with",
	"inplace":   "snap restore --in-place puts files where they were",
	"iexclude":  "--exclude, or a line that begins with ^(?i) for a regular expression without upper and lower case",
	"bwlimit":   "--max-rate, as 20M", "limit": "--max-rate, as 20M", "limit-read": "--max-rate, as 20M",
	"limit-upload": "--max-rate, as 20M", "limit-download": "--max-rate, as 20M",
	"exclude-file": "--exclude-from FILE", "include-file": "--include-from FILE", "patterns-from": "--exclude-from FILE",
	"files-from":     "name them as sources, or --include-from FILE",
	"exclude-larger": "--exclude-larger-than SIZE", "max-size": "--exclude-larger-than SIZE",
	"threads": "--jobs N", "workers": "--jobs N", "parallel": "--jobs N", "transfers": "--jobs N",
	"comment": "--note TEXT", "message": "--note TEXT", "m": "--note TEXT", "description": "--note TEXT",
	"label": "--tag TAG", "timestamp": "--time TIME", "date": "--time TIME",
	"snapshot": "a snapshot has no flag: see Naming a snapshot in snap --help",
	"latest":   "the newest snapshot is called latest, the last ten of a list are --last 10",
	"format":   "names of snapshots have the format in DEST/BackupOptions.txt; output for programs: --json",
	"log-file": "logfile in DEST/BackupOptions.txt", "logfile": "logfile in DEST/BackupOptions.txt",
	"log-level": "loglevel in DEST/BackupOptions.txt", "config": settingsText,
	"skip-if-unchanged": "it is so by itself: when nothing changed no snapshot is made",
	"wait":              "--lock-wait 5min", "retry-lock": "--lock-wait 5min",
	"strip-components": "only restore -R keeps the paths of what is restored",
}

const (
	keptText     = "modes, owners, times, links, holes, xattrs and ACLs are kept without a flag"
	destText     = "the destination is -d DIR"
	compressText = "files are kept as they are\nthe file system of the destination may compress them, as btrfs does"
	encryptText  = "files are kept as they are\nthe disk of the destination may be encrypted, as with LUKS"
)

// keepText is for the rules of prune with another command.
const keepText = "rules stand in DEST/BackupOptions.txt, as keep_daily = 7, and count after each backup\n" +
	"for once: snap prune --keep-daily 7"

// otherFlag says what an unknown flag is called here, what to do instead, or which commands have it; "" for nothing. cmd
// is nil for a flag of snap itself.
func otherFlag(cmd *command, name string) string {
	if cmd != nil {
		if s := otherFlags[cmd.Name+" "+name]; s != "" {
			return called(s)
		}
		if strings.HasPrefix(name, "keep-") || name == "min-free" || name == "retention" {
			return keepText
		}
		if (name == "dry-run" || name == "n") && cmd.Group == groupLook {
			return "snap " + cmd.Name + " only reads: there is nothing to rehearse"
		}
	}
	if s := otherFlags[name]; s != "" {
		return called(s)
	}
	var have []string
	for _, c := range commands() {
		if hasFlag(c.Flags, name) && !c.Hidden {
			have = append(have, "snap "+c.Name)
		}
	}
	if len(have) > 0 && len(name) > 1 {
		return "--" + name + " is a flag of " + strings.Join(have, ", ")
	}
	return ""
}

func hasFlag(all flags, name string) bool {
	for i := range all {
		if f := &all[i]; f.Name == name || slices.Contains(f.Aliases, name) {
			return true
		}
	}
	return false
}

// called is a text of otherFlags; one that begins with a flag says what the same thing is called.
func called(text string) string {
	if strings.HasPrefix(text, "-") {
		return "here it is called " + text
	}
	return text
}
