package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/compatible"
	"github.com/postern-gateway/postern/adapters/dialect"
)

// A document has a part that this command writes, between two marks.
type document struct {
	file  string
	parts map[string]func([]row) string // by mark
}

func documents() []document {
	return []document{
		{"README.md", map[string]func([]row) string{"providers": short}},
		{"docs/clients.md", map[string]func([]row) string{"paths": paths}},
		{"docs/providers.md", map[string]func([]row) string{"providers": own, "services": services}},
	}
}

// rewrite puts the parts in between their marks.
func (d *document) rewrite(text string, rows []row) (string, error) {
	for name, part := range d.parts {
		begin, end := "<!-- "+name+": written by `make providers` -->\n", "<!-- end of "+name+" -->"
		before, rest, ok := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			return "", fmt.Errorf("want the lines %q and %q", begin, end)
		}
		text = before + begin + "\n" + part(rows) + "\n" + end + after
	}
	return text, nil
}

// short is the README's: a line for each adapter, and the names of the services.
func short(rows []row) string {
	var b strings.Builder
	head(&b, append([]string{"type", ""}, columns()[1:]...))
	for _, r := range rows {
		if r.provider.Like == "" {
			line(&b, append([]string{"`" + r.provider.Name + "`", r.provider.Doc}, r.pick(columns()[1:], true)...))
		}
	}
	var names []string
	for _, r := range rows {
		if r.provider.Like != "" {
			names = append(names, "`"+r.provider.Name+"`")
		}
	}
	fmt.Fprintf(&b, "\nAnd %d services of OpenAI's format, each with what differs in it: %s.\n", len(names), strings.Join(names, ", "))
	return b.String()
}

// own is the table of the providers with an adapter of their own.
func own(rows []row) string {
	var b strings.Builder
	head(&b, append(append([]string{"type", "host"}, columns()...), "passes as it is"))
	for _, r := range rows {
		if r.provider.Like == "" {
			line(&b, append(append([]string{"`" + r.provider.Name + "`", r.host()}, r.pick(columns(), false)...), r.passes))
		}
	}
	return b.String()
}

// services is the table of those that are like another type.
func services(rows []row) string {
	var b strings.Builder
	head(&b, append(append([]string{"type", "service", "host"}, columns()...), "passes as it is", "documentation"))
	for _, r := range rows {
		if p := r.provider; p.Like != "" {
			line(&b, append(append([]string{"`" + p.Name + "`", strings.TrimSuffix(p.Doc, "."), r.host()}, r.pick(columns(), false)...),
				strings.TrimPrefix(r.passes, "OpenAI: "), "[page]("+compatible.Page(p.Name)+")"))
		}
	}
	fmt.Fprintf(&b, "\nThe pages were read on %s.\n", compatible.PagesRead)
	return b.String()
}

// paths are all that clients can ask for, and who answers.
func paths(rows []row) string {
	var b strings.Builder
	head(&b, []string{"path", "API", "operation", "served by"})
	all := dialect.NewTable().Endpoints()
	for _, e := range all {
		twin := func(x dialect.Endpoint) bool {
			return x.Path == strings.Replace(e.Path, "/v1beta/", "/v1/", 1) && x.Path != e.Path && x.Dialect.Name == e.Dialect.Name && x.Query == e.Query
		}
		if slices.ContainsFunc(all, twin) { // Gemini's versions are alike
			continue
		}
		path := e.Method + " " + strings.NewReplacer("{model}", "MODEL", "{id}", "ID").Replace(e.Path)
		if e.Query != "" {
			path += "?" + e.Query
		}
		name, _, _ := strings.Cut(e.Dialect.Name, "_")
		line(&b, []string{"`" + path + "`", title(name), operation(e.Op), served(e, rows)})
	}
	return b.String()
}

// served says who answers at an endpoint.
func served(e dialect.Endpoint, rows []row) string {
	d, openAI := e.Dialect, dialect.OpenAI()
	switch {
	case e.Op == adapters.Models:
		return "the gateway"
	case e.Op == adapters.CountTokens && d.CountReader != nil:
		return "every provider, by an estimate where it does not count"
	case e.Op == adapters.Chat && d.Reader != nil, (e.Op == adapters.Responses || e.Op == adapters.Completions) && d.Reader != openAI.Reader:
		return "every provider of chat"
	case e.Op == adapters.Embeddings && d.Embeddings != nil:
		return "every provider of embeddings"
	}
	var names []string
	services := 0
	for _, r := range rows {
		switch {
		case !r.takes[e.Path]:
		case r.provider.Like == "":
			names = append(names, "`"+r.provider.Name+"`")
		default:
			services++
		}
	}
	text := strings.Join(names, ", ")
	if services > 0 {
		text += fmt.Sprintf(" and %d services of OpenAI's format", services)
	}
	return or(text, "nobody")
}

func (r *row) host() string {
	if r.provider.Host == "" {
		return "given by you"
	}
	return "`" + r.provider.Host + "`"
}

// pick are the cells of these columns; brief ones say no more than yes or nothing.
func (r *row) pick(columns []string, brief bool) []string {
	list := make([]string, 0, len(columns))
	for _, c := range columns {
		cell := r.cells[c]
		if brief && cell != yes && cell != notTried {
			cell = none
		}
		list = append(list, cell)
	}
	return list
}

func head(b *strings.Builder, cells []string) {
	line(b, cells)
	b.WriteString("|" + strings.Repeat(" --- |", len(cells)) + "\n")
}

func line(b *strings.Builder, cells []string) {
	for _, c := range cells {
		b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
	}
	b.WriteString("|\n")
}
