package adaptertest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/postern-gateway/postern/adapters/chat"
)

// A Case is one file.
type Case struct {
	Name, About string
	Request     []byte
	Upstream    []byte // what the provider must get; nil if the request is refused
	Drops       []string
	Refused     string   // "400 unsupported_value n"; empty if it is not
	Answer      *Answer  // nil if no whole answer is looked at
	Stream      *Streams // nil if no stream is
}

// An Answer is a whole answer of the provider and what the client gets for it.
type Answer struct {
	UpstreamStatus, Status int
	Upstream, Client       []byte
}

// Streams are a stream of the provider and what the client gets for it.
type Streams struct{ Upstream, Client []byte }

// Load reads all cases of a folder, by name.
func Load(fsys fs.FS, dir string) ([]Case, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no cases", dir)
	}
	all := make([]Case, 0, len(files))
	for _, f := range files {
		b, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, err
		}
		c, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		c.Name = strings.TrimSuffix(path.Base(f), ".txtar")
		all = append(all, c)
	}
	return all, nil
}

// Parse reads one case.
func Parse(b []byte) (Case, error) {
	a := txtar.Parse(b)
	c := Case{About: strings.TrimSpace(string(a.Comment))}
	for _, f := range a.Files {
		if err := c.set(f); err != nil {
			return c, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	switch {
	case c.About == "":
		return c, errors.New("a case needs a sentence that says what it shows")
	case c.Request == nil:
		return c, errors.New("a case needs a request")
	case (c.Upstream == nil) == (c.Refused == ""):
		return c, errors.New("a case needs either an upstream request or a refusal")
	}
	return c, nil
}

func (c *Case) set(f txtar.File) error {
	name, status, err := splitStatus(f.Name)
	if err != nil {
		return err
	}
	if strings.HasSuffix(name, "response") && c.Answer == nil {
		c.Answer = &Answer{}
	}
	if strings.HasSuffix(name, "stream") && c.Stream == nil {
		c.Stream = &Streams{}
	}
	switch name {
	case "request":
		c.Request = f.Data
	case "upstream request":
		c.Upstream = f.Data
	case "drops":
		c.Drops = strings.Fields(string(f.Data))
	case "refused":
		c.Refused = strings.TrimSpace(string(f.Data))
	case "upstream response":
		c.Answer.UpstreamStatus, c.Answer.Upstream = status, f.Data
	case "response":
		c.Answer.Status, c.Answer.Client = status, f.Data
	case "upstream stream":
		c.Stream.Upstream = frames(f.Data)
	case "stream":
		c.Stream.Client = frames(f.Data)
	default:
		return errors.New("no such file in a case")
	}
	return nil
}

// splitStatus takes the status off a file's name; 200 if it has none.
func splitStatus(name string) (string, int, error) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 || name[i+1] < '0' || name[i+1] > '9' {
		return name, 200, nil
	}
	status, err := strconv.Atoi(name[i+1:])
	return name[:i], status, err
}

// frames ends a stream in the one blank line that the archive's end may hide.
func frames(b []byte) []byte {
	if s := strings.TrimRight(string(b), "\n"); s != "" {
		return []byte(s + "\n\n")
	}
	return nil
}

// Format writes the case as Parse reads it.
func (c *Case) Format() []byte {
	a := txtar.Archive{Comment: []byte(c.About + "\n\n")}
	add := func(name string, data []byte) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: data})
	}
	status := func(name string, n int) string {
		if n == 200 {
			return name
		}
		return name + " " + strconv.Itoa(n)
	}
	add("request", c.Request)
	if c.Refused != "" {
		add("refused", []byte(c.Refused+"\n"))
	} else {
		add("upstream request", c.Upstream)
	}
	if len(c.Drops) > 0 {
		add("drops", []byte(strings.Join(c.Drops, "\n")+"\n"))
	}
	if c.Answer != nil {
		add(status("upstream response", c.Answer.UpstreamStatus), c.Answer.Upstream)
		add(status("response", c.Answer.Status), c.Answer.Client)
	}
	if c.Stream != nil {
		add("upstream stream", c.Stream.Upstream)
		add("stream", c.Stream.Client)
	}
	return txtar.Format(&a)
}

// refusal is an error as cases write it.
func refusal(e *chat.Error) string {
	return strings.TrimSpace(strconv.Itoa(e.Status) + " " + e.Code + " " + e.Param)
}
