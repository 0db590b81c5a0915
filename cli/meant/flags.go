package meant

import "strings"

// Flags are flags of other programs, and what to do here. A key may begin with the command that it is for.
var Flags = map[string]string{
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

// Rules is for the rules of prune with another command.
const Rules = "rules stand in DEST/BackupOptions.txt, as keep_daily = 7, and count after each backup\n" +
	"for once: snap prune --keep-daily 7"

// Flag says what a flag that command, "" for none, does not know is called here, or what to do instead; "" for nothing.
func Flag(command, name string) string {
	text := Flags[name]
	if command != "" {
		if t := Flags[command+" "+name]; t != "" {
			text = t
		} else if strings.HasPrefix(name, "keep-") || name == "min-free" || name == "retention" {
			text = Rules
		}
	}
	if strings.HasPrefix(text, "-") { // it says what the same thing is called
		return "here it is called " + text
	}
	return text
}
