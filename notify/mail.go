package notify

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"os/exec"
	"strings"
	"time"
)

// places are where sendmail is when it is not in the path.
var places = []string{"sendmail", "/usr/sbin/sendmail", "/usr/lib/sendmail"}

// errNoMail: nothing here sends mail.
var errNoMail = errors.New("there is no sendmail here; a small mail transfer program such as msmtp-mta or dma has one")

// send sends a mail by the sendmail of the machine, which knows who sends it and where to.
func send(ctx context.Context, to string, m *Message, how *How) error {
	where := how.Sendmail
	if where == nil {
		where = places
	}
	for _, name := range where {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		return how.run(ctx, &program{Args: []string{path, "-i", "-t"}, Stdin: letter(to, m)})
	}
	return errNoMail
}

// letter is the text of a mail. Lines of any length and characters of any kind are in a form that every mail program
// takes.
func letter(to string, m *Message) string {
	var b strings.Builder
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\n", name, oneLine(value)) }
	header("To", to)
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(m.Subject)))
	header("Date", m.Time.Format(time.RFC1123Z))
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.TrimRight(m.Body, "\n") + "\n")) // a strings.Builder takes everything
	w.Close()
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// oneLine is a text without line breaks.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
