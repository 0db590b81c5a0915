package file

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// once are the calls that are not repeated when a signal interrupts them: they never wait, are advice, or must not be.
var once = map[string]bool{
	"Close": true, "Mkdev": true, "Major": true, "Minor": true, "Sysinfo": true, "Fadvise": true, "SyncFileRange": true,
	"Access": true, "BytePtrFromString": true,
}

// TestEveryCallIsRepeated: each system call of the package goes through one of the functions of retry_linux.go.
func TestEveryCallIsRepeated(t *testing.T) {
	names, err := filepath.Glob("*_linux*.go")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var repeated func(n ast.Node, inside bool)
		repeated = func(n ast.Node, inside bool) {
			ast.Inspect(n, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ForStmt:
					repeated(n.Body, inside || mentions(n, "EINTR"))
					return false
				case *ast.CallExpr:
					switch f := n.Fun.(type) {
					case *ast.Ident:
						switch f.Name {
						case "retry", "again", "makes", "removes":
							for _, arg := range n.Args {
								repeated(arg, true)
							}
							return false
						}
					case *ast.SelectorExpr:
						if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "unix" && !once[f.Sel.Name] && !mentions(n, "SYS_MADVISE") {
							calls++
							if !inside {
								t.Errorf("%s: unix.%s is not repeated when a signal interrupts it", set.Position(n.Pos()), f.Sel.Name)
							}
						}
					}
				}
				return true
			})
		}
		repeated(f, false)
	}
	if calls < 40 {
		t.Errorf("%d calls were seen", calls)
	}
}

func mentions(n ast.Node, name string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// TestInterruptedCalls: what an interrupted call has done all the same is done.
func TestInterruptedCalls(t *testing.T) {
	answers := func(of ...error) func() error {
		return func() error {
			err := of[0]
			of = of[1:]
			return err
		}
	}
	for _, c := range []struct {
		call func(func() error) error
		of   []error
		want error
	}{
		{again, []error{unix.EINTR, unix.EINTR, nil}, nil},
		{again, []error{unix.EINTR, unix.EIO}, unix.EIO},
		{again, []error{unix.EIO}, unix.EIO},
		{makes, []error{unix.EEXIST}, unix.EEXIST},
		{makes, []error{unix.EINTR, unix.EINTR, unix.EEXIST}, nil},
		{makes, []error{unix.EINTR, unix.ENOSPC}, unix.ENOSPC},
		{removes, []error{unix.ENOENT}, unix.ENOENT},
		{removes, []error{unix.EINTR, unix.ENOENT}, nil},
	} {
		if err := c.call(answers(c.of...)); err != c.want {
			t.Errorf("%v: %v", c.of, err)
		}
	}
}
