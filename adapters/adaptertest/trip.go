package adaptertest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/postern-gateway/postern/adapters/chat"
)

// A Conversation is a request that is translated there and back: into another
// provider's form, read again by that provider's own dialect, and translated home.
type Conversation struct {
	Name, About string
	Via         string // model at the other provider
	Home        string // model at home, where it is the path and not the request that has it
	Request     []byte
	Refused     string // "400 unsupported_value n"; empty if it gets there

	// Why a provider itself refuses the request, there or back at home; empty if it does not.
	ThereRefused, BackRefused string
}

// LoadConversations reads all conversations of a folder, by name. One is a txtar
// archive with the files request, via, home where the path has the model, and where it
// gets nowhere one of refused (by the translation), "there refused" and "back refused" (by
// the provider, and why). With several models in via it is one conversation for each.
func LoadConversations(fsys fs.FS, dir string) ([]Conversation, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no conversations", dir)
	}
	all := make([]Conversation, 0, len(files))
	for _, f := range files {
		b, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, err
		}
		c, err := parseConversation(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		c.Name = strings.TrimSuffix(path.Base(f), ".txtar")
		via := strings.Fields(c.Via)
		for _, c.Via = range via {
			all = append(all, c)
		}
	}
	return all, nil
}

func parseConversation(b []byte) (Conversation, error) {
	a := txtar.Parse(b)
	c := Conversation{About: strings.TrimSpace(string(a.Comment))}
	for _, f := range a.Files {
		text := strings.TrimSpace(string(f.Data))
		switch f.Name {
		case "request":
			c.Request = f.Data
		case "via":
			c.Via = text
		case "home":
			c.Home = text
		case "refused":
			c.Refused = text
		case "there refused":
			c.ThereRefused = text
		case "back refused":
			c.BackRefused = text
		default:
			return c, fmt.Errorf("%s: no such file in a conversation", f.Name)
		}
	}
	if c.About == "" || c.Via == "" || c.Request == nil {
		return c, errors.New("a conversation needs a sentence, a request and via")
	}
	return c, nil
}

// A Trip is what became of a conversation.
type Trip struct {
	There, Back []byte   // what the other provider gets, and what comes home
	Model       string   // at home
	Drops       []string // on both ways
}

// Travel translates a conversation by out, whose dialect it is in, and home by home,
// whose dialect is that of out's provider.
func Travel(out, home Suite, c *Conversation) (Trip, *chat.Error) {
	var t Trip
	r, e := out.Read(c.Request)
	if e != nil {
		return t, e
	}
	t.Model = cmp.Or(c.Home, r.Model)
	r.Model = c.Via
	if t.There, e = out.Provider.AppendRequest(nil, r); e != nil {
		return t, e
	}
	t.Drops = append(t.Drops, out.Dialect.Drops(r.Drops())...)
	if r, e = home.Read(t.There); e != nil {
		return t, e
	}
	r.Model = t.Model
	if t.Back, e = home.Provider.AppendRequest(nil, r); e != nil {
		return t, e
	}
	t.Drops = append(t.Drops, home.Dialect.Drops(r.Drops())...)
	return t, nil
}

// Refusal is an error as cases write it: status, code and parameter.
func Refusal(e *chat.Error) string { return refusal(e) }
