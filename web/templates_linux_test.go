package web

import (
	"html/template"
	"reflect"
	"strings"
	"testing"
	"text/template/parse"
)

// bodies are what each page is given.
var bodies = map[string]any{
	"overview": &overview{}, "snapshots": &snapshotsPage{}, "files": &filesPage{}, "file": &filePage{},
	"find": &findPage{}, "diff": &diffPage{}, "space": &spacePage{}, "keep": &keepPage{}, "health": &healthPage{},
	"snapshot": &snapshotPage{}, "delete": &deletePage{}, "error": &problem{}, "welcome": &welcomePage{},
	"jobs": &jobsPage{}, "job": &jobPage{}, "restore": &restoreForm{},
}

// TestTemplatesNameWhatIsThere: every field and method that a template names, in every branch, is one of the value it
// is asked of. html/template finds out when it comes to that branch, which may be on a bad day only.
func TestTemplatesNameWhatIsThere(t *testing.T) {
	s := show(t, weights(t))
	for _, name := range pageNames {
		page := s.site.pages.all[name]
		c := templateCheck{t: t, page: name, all: page, funcs: s.site.funcs(), body: reflect.TypeOf(bodies[name]),
			seen: map[called]bool{}}
		for _, block := range page.Templates() {
			if n := block.Name(); n == "layout" || n == "body" || strings.HasPrefix(n, "part-") {
				c.call(n, reflect.TypeFor[view]())
			}
		}
		if c.body == nil || c.fields < 5 {
			t.Errorf("%s: %d fields were looked at", name, c.fields)
		}
	}
	bad := template.Must(template.New("x").
		Parse(`{{with .Body}}{{range .Rules}}{{.Nothing}}{{end}}{{$.Title.More}}{{end}}`))
	c := templateCheck{page: "control", all: bad, body: reflect.TypeOf(&keepPage{}), seen: map[called]bool{}}
	if c.call("x", reflect.TypeFor[view]()); len(c.wrong) != 2 {
		t.Errorf("the control: %q", c.wrong)
	}
}

type called struct {
	name string
	with reflect.Type
}

// templateCheck follows the types through a template. A nil type is one that is not known.
type templateCheck struct {
	t      *testing.T // nil for the control
	page   string
	all    *template.Template
	funcs  template.FuncMap
	body   reflect.Type
	fields int
	wrong  []string
	seen   map[called]bool
}

// scope are the variables in sight, by name.
type scope map[string]reflect.Type

func (s scope) with(name string, t reflect.Type) scope {
	all := scope{name: t}
	for k, v := range s {
		if k != name {
			all[k] = v
		}
	}
	return all
}

// call looks at a template that is given a value of that type.
func (c *templateCheck) call(name string, dot reflect.Type) {
	t := c.all.Lookup(name)
	if t == nil || t.Tree == nil || c.seen[called{name, dot}] {
		return
	}
	c.seen[called{name, dot}] = true
	c.list(name, t.Tree.Root, dot, scope{"$": dot})
}

func (c *templateCheck) list(in string, l *parse.ListNode, dot reflect.Type, vars scope) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			_, vars = c.pipe(in, n.Pipe, dot, vars)
		case *parse.IfNode:
			_, inner := c.pipe(in, n.Pipe, dot, vars)
			c.list(in, n.List, dot, inner)
			c.list(in, n.ElseList, dot, inner)
		case *parse.WithNode:
			of, inner := c.pipe(in, n.Pipe, dot, vars)
			c.list(in, n.List, of, inner)
			c.list(in, n.ElseList, dot, inner)
		case *parse.RangeNode:
			c.ranged(in, n, dot, vars)
		case *parse.TemplateNode:
			var of reflect.Type
			if n.Pipe != nil {
				of, _ = c.pipe(in, n.Pipe, dot, vars)
			}
			c.call(n.Name, of)
		}
	}
}

func (c *templateCheck) ranged(in string, n *parse.RangeNode, dot reflect.Type, vars scope) {
	of, inner := c.pipe(in, n.Pipe, dot, vars)
	var key, each reflect.Type
	if of = value(of); of != nil {
		switch of.Kind() {
		case reflect.Slice, reflect.Array, reflect.Chan:
			key, each = reflect.TypeFor[int](), of.Elem()
		case reflect.Map:
			key, each = of.Key(), of.Elem()
		}
	}
	if d := n.Pipe.Decl; len(d) == 1 {
		inner = inner.with(d[0].Ident[0], each)
	} else if len(d) == 2 {
		inner = inner.with(d[0].Ident[0], key).with(d[1].Ident[0], each)
	}
	c.list(in, n.List, each, inner)
	c.list(in, n.ElseList, dot, inner)
}

// pipe is the type of a pipeline, and what is in sight after it.
func (c *templateCheck) pipe(in string, p *parse.PipeNode, dot reflect.Type, vars scope) (reflect.Type, scope) {
	var of reflect.Type
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args[1:] {
			c.term(in, arg, dot, vars)
		}
		of = c.term(in, cmd.Args[0], dot, vars)
		switch cmd.Args[0].String() {
		case "index", "and", "or": // one of several
			of = nil
		}
	}
	for _, d := range p.Decl {
		vars = vars.with(d.Ident[0], of)
	}
	return of, vars
}

func (c *templateCheck) term(in string, n parse.Node, dot reflect.Type, vars scope) reflect.Type {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return c.chain(in, n, dot, n.Ident)
	case *parse.VariableNode:
		return c.chain(in, n, vars[n.Ident[0]], n.Ident[1:])
	case *parse.ChainNode:
		return c.chain(in, n, c.term(in, n.Node, dot, vars), n.Field)
	case *parse.PipeNode:
		of, _ := c.pipe(in, n, dot, vars)
		return of
	case *parse.IdentifierNode:
		if f := reflect.ValueOf(c.funcs[n.Ident]); f.IsValid() && f.Kind() == reflect.Func {
			return f.Type().Out(0)
		}
	case *parse.StringNode:
		return reflect.TypeFor[string]()
	}
	return nil
}

// chain follows names from a type; the body of a view is that of the page.
func (c *templateCheck) chain(in string, n parse.Node, of reflect.Type, names []string) reflect.Type {
	for _, name := range names {
		if of == nil || of.Kind() == reflect.Interface && of.NumMethod() == 0 {
			return nil
		}
		c.fields++
		if of == reflect.TypeFor[view]() && name == "Body" {
			of = c.body
			continue
		}
		next, ok := member(of, name)
		if !ok {
			c.wrong = append(c.wrong, n.String())
			if c.t != nil {
				c.t.Errorf("%s, in %q: %s: %s has no %s", c.page, in, n, of, name)
			}
			return nil
		}
		of = next
	}
	return of
}

// member is the type of a field, of what a method returns, or of a value of a map.
func member(of reflect.Type, name string) (reflect.Type, bool) {
	for _, t := range []reflect.Type{of, reflect.PointerTo(of)} {
		if m, ok := t.MethodByName(name); ok {
			return m.Type.Out(0), true
		}
	}
	v := value(of)
	if v.Kind() == reflect.Map {
		return v.Elem(), true
	}
	if v.Kind() != reflect.Struct {
		return nil, false
	}
	f, ok := v.FieldByName(name)
	return f.Type, ok && f.IsExported()
}

func value(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
