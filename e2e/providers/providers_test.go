package main

import (
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// root is the repository's, from here.
const root = "../../"

var tried = sync.OnceValues(func() ([]row, error) { return tryAll(builtin.Providers()) })

// The tables in the documents are what the providers do.
func TestDocumentsAreFresh(t *testing.T) {
	t.Parallel()
	rows, err := tried()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents() {
		b, err := os.ReadFile(root + d.file)
		if err != nil {
			t.Fatal(err)
		}
		switch text, err := d.rewrite(string(b), rows); {
		case err != nil:
			t.Errorf("%s: %v", d.file, err)
		case text != string(b):
			t.Errorf("%s is stale; `make providers` writes it again", d.file)
		}
	}
}

// What the table says of an adapter's own conversations, at least one of its cases shows:
// all of them pass, or the adapter's own tests fail.
func TestCasesShowWhatTheTableSays(t *testing.T) {
	t.Parallel()
	rows, err := tried()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		s, ok := setupOf(r.provider)
		if !ok || r.provider.Like != "" { // those are held to their mocks, row by row, in package compatible
			continue
		}
		shown := map[string]bool{}
		for _, folder := range s.cases {
			for name := range shows(t, folder) {
				shown[name] = true
			}
		}
		for _, c := range columns() {
			if c == embeddings && s.embeds != "" { // their mock has answered
				continue
			}
			if c == embeddings && r.cells[c] == yes {
				shown[c] = embeds(t, r.provider.Name)
			}
			if (r.cells[c] == yes || r.cells[c] == partly) && !shown[c] {
				t.Errorf("%s: %s is %q, and none of the cases in %s shows it", r.provider.Name, c, r.cells[c], s.cases)
			}
		}
	}
}

// shows are the columns of which a folder of cases has one.
func shows(t *testing.T, folder string) map[string]bool {
	t.Helper()
	list, err := adaptertest.Load(os.DirFS(root+"adapters"), folder)
	if err != nil {
		t.Fatal(err)
	}
	d := dialect.Anthropic()
	if strings.HasPrefix(path.Base(folder), "openai") {
		d = dialect.OpenAI()
	}
	shown := map[string]bool{}
	for i := range list {
		c := &list[i]
		var doc rawjson.Doc
		r := &chat.Request{}
		if c.Refused != "" || doc.Parse(c.Request) != nil || d.Reader.ReadRequest(doc.Root(), r) != nil {
			continue
		}
		drops := strings.Join(c.Drops, " ")
		shown["chat"] = true
		shown[streaming] = shown[streaming] || c.Stream != nil
		shown["tools"] = shown["tools"] || len(r.Tools) > 0 && !strings.Contains(drops, "tools")
		shown["structured output"] = shown["structured output"] || r.Format.Kind == chat.FormatSchema && !strings.Contains(drops, "format")
		shown["reasoning"] = shown["reasoning"] || r.Reasoning.Level() > chat.EffortNone && !strings.Contains(drops, "thinking") && !strings.Contains(drops, "reasoning")
		for _, m := range r.Messages {
			for _, p := range m.Parts {
				shown["images"] = shown["images"] || p.Kind == chat.ImagePart && !strings.Contains(drops, "messages")
			}
		}
	}
	return shown
}

// embeds reports whether there is a case of a provider's embeddings.
func embeds(t *testing.T, name string) bool {
	t.Helper()
	list, err := adaptertest.Load(os.DirFS(root+"adapters"), name+"/testdata/embeddings")
	if err != nil {
		return false
	}
	for i := range list {
		if a := list[i].Answer; a != nil && a.Status == 200 {
			return true
		}
	}
	return false
}

// What a provider refuses, leaves out or does not have is not said to be there.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	rows, err := tried()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ provider, column, want string }{
		{"openai", "tools", yes},
		{"deepseek", "structured output", refused},
		{"chutes", "reasoning", dropped},
		{"minimax", "reasoning", partly},
		{"jina", "chat", none},
		{"anthropic", embeddings, none},
	} {
		for _, r := range rows {
			if r.provider.Name == tt.provider && r.cells[tt.column] != tt.want {
				t.Errorf("%s, %s: got %s, want %s", tt.provider, tt.column, r.cells[tt.column], tt.want)
			}
		}
	}
	r, err := tryOne(mockllm.New(mockllm.Options{}), adapters.Provider{Name: "new"})
	if err != nil || r.cells["chat"] != notTried {
		t.Errorf("got %v, %v for a provider without a setup, want it not tried", r.cells, err)
	}
}

// A provider whose mock does not take what is sent stops the writing of tables.
func TestWhatAMockRefusesIsAnError(t *testing.T) {
	t.Parallel()
	p := builtin.Providers()[1] // Anthropic's conversations, at the mock of services of OpenAI's format
	p.Like = "compatible"
	p.Name = "vllm"
	if r, err := tryOne(mockllm.New(mockllm.Options{}), p); err == nil {
		t.Errorf("got %v, want an error", r.cells)
	}
}
