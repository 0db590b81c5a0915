// Package meant is what people type who know other programs, and what it is called here. The nearest of our own words
// by letters would be another thing: delete for undelete. It is for mistakes of the hand.
package meant

import "strings"

// Commands are commands of other programs: the name of ours alone, or what to do.
var Commands = map[string]string{
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

// Command is what the command word of another program is called here, or what to do instead; "" for nothing.
func Command(word string) string { return Commands[strings.ToLower(word)] }
