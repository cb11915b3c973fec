package multipart_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	stdlib "mime/multipart"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/multipart"
)

// form makes a body of lines.
func form(lines ...string) string { return strings.Join(lines, "\r\n") }

const (
	model = `Content-Disposition: form-data; name="model"`
	file  = `Content-Disposition: form-data; name="file"; filename="a \"b\".wav"`
)

func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		about, body, want string
		err               error
	}{
		{"one field", form("--B", model, "", "whisper-1", "--B--", ""), "whisper-1", nil},
		{"after a file", form("--B", file, "Content-Type: audio/wav", "", "\x00\r\n\n--\r\n-B", "--B", model, "", "m", "--B--"), "m", nil},
		{"before a file", form("--B", model, "", "m", "--B", file, "", "x", "--B--", ""), "m", nil},
		{"an empty value", form("--B", model, "", "", "--B--"), "", nil},
		{"a value of lines", form("--B", model, "", "a", "b", "--B--"), "a\r\nb", nil},
		{"a name without quotes", form("--B", "content-disposition: FORM-DATA; NAME=model", "", "m", "--B--"), "m", nil},
		{"blanks after the boundary", form("--B \t", model, "", "m", "--B--"), "m", nil},
		{"a line break before all", form("", "--B", model, "", "m", "--B--"), "m", nil},
		{"the boundary within a line", form("--B", file, "", "x--B", "--B", model, "", "m", "--B--"), "m", nil},
		{"no such field", form("--B", file, "", "x", "--B--"), "<none>", nil},
		{"another name", form("--B", `Content-Disposition: form-data; name="Model"`, "", "m", "--B--"), "<none>", nil},

		{"no form", `{"model":"m"}`, "", multipart.ErrForm},
		{"nothing", "", "", multipart.ErrForm},
		{"another boundary", form("--C", model, "", "m", "--C--"), "", multipart.ErrForm},
		{"text before the first boundary", form("x", "--B", model, "", "m", "--B--"), "", multipart.ErrForm},
		{"no end", form("--B", model, "", "m", ""), "", multipart.ErrForm},
		{"an end after the first boundary", "--B", "", multipart.ErrForm},
		{"a longer boundary", form("--B", model, "", "m", "--BB", model, "", "n", "--B--"), "", multipart.ErrForm},
		{"parts after the end", form("--B", model, "", "m", "--B--", "--B", model, "", "n", "--B--"), "", multipart.ErrForm},
		{"a boundary after a line feed alone", form("--B", file, "", "x\n--B\n"+model+"\n\nn\n--B", "--B", model, "", "m", "--B--"), "", multipart.ErrForm},
		{"a boundary after a carriage return alone", form("--B", file, "", "x\r--B", "--B--"), "", multipart.ErrForm},
		{"lines that end in a line feed alone", strings.ReplaceAll(form("--B", model, "", "m", "--B--"), "\r\n", "\n"), "", multipart.ErrForm},
		{"the field twice", form("--B", model, "", "m", "--B", model, "", "n", "--B--"), "", multipart.ErrTwice},
		{"two dispositions", form("--B", model, file, "", "m", "--B--"), "", multipart.ErrPart},
		{"no disposition", form("--B", "Content-Type: x", "", "m", "--B--"), "<none>", nil},
		{"another disposition", form("--B", `Content-Disposition: attachment; name="model"`, "", "m", "--B--"), "", multipart.ErrPart},
		{"a name in another character set", form("--B", `Content-Disposition: form-data; name*=utf-8''model`, "", "m", "--B--"), "", multipart.ErrPart},
		{"a name with a backslash", form("--B", `Content-Disposition: form-data; name="mod\el"`, "", "m", "--B--"), "", multipart.ErrPart},
		{"a file's name that could go on", form("--B", `Content-Disposition: form-data; name="file"; filename="\"; name=model; a=\""`, "", "m", "--B--"), "", multipart.ErrPart},
		{"two names", form("--B", `Content-Disposition: form-data; name="a"; name="model"`, "", "m", "--B--"), "", multipart.ErrPart},
		{"a quote without its end", form("--B", `Content-Disposition: form-data; name="model`, "", "m", "--B--"), "", multipart.ErrPart},
		{"a folded line", form("--B", "Content-Disposition: form-data;", ` name="model"`, "", "m", "--B--"), "", multipart.ErrPart},
		{"an encoded value", form("--B", model, "Content-Transfer-Encoding: base64", "", "bQ==", "--B--"), "", multipart.ErrPart},
		{"a head without end", "--B\r\n" + strings.Repeat("a: b\r\n", 2000), "", multipart.ErrPart},
		{"very many parts", strings.Repeat("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n", 1001) + "--B--", "", multipart.ErrForm},
	} {
		start, end, err := multipart.Find([]byte(tt.body), "B", "model")
		got := "<none>"
		if start >= 0 {
			got = tt.body[start:end]
		}
		if !errors.Is(err, tt.err) || err == nil && got != tt.want {
			t.Errorf("%s: got %q, %v, want %q, %v", tt.about, got, err, tt.want, tt.err)
		}
	}
}

func TestBoundary(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"multipart/form-data; boundary=abc":                        "abc",
		`multipart/form-data; charset=utf-8; Boundary="a b:c"`:     "a b:c",
		"multipart/form-data;boundary=abc;x=y":                     "abc",
		"multipart/form-data":                                      "",
		"multipart/form-data; boundary=":                           "",
		"multipart/form-data; boundary=a; boundary=b":              "",
		`multipart/form-data; boundary="a`:                         "",
		`multipart/form-data; boundary="a\b"`:                      "",
		"multipart/form-data; boundary=" + strings.Repeat("a", 71): "",
		"multipart/form-data; boundary=\"a\u00e9\"":                "",
		"multipart/form-data; boundary":                            "",
	} {
		got, err := multipart.Boundary(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	body := form("--B", file, "", "\x00\r\n", "--B", model, "", "m", "--B", "Content-Type: x", "", "y", "--B", `Content-Disposition: form-data; name="f"; filename*=utf-8''a`, "", "", "--B--")
	got := ""
	err := multipart.Each([]byte(body), "B", func(p multipart.Field) {
		got += fmt.Sprintf("%q %v %q;", p.Name, p.File, body[p.Start:p.End])
	})
	if want := `"file" true "\x00\r\n";"model" false "m";"" false "y";"f" true "";`; got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, head, name, kind string }{
		{"none", `name="f"`, "", ""},
		{"a name", `name="f"; filename="Ann's notes.txt"`, "Ann's notes.txt", ""},
		{"without quotes", `name=f; FileName=a.txt`, "a.txt", ""},
		{"in another character set", `name="f"; filename*=utf-8''a.txt`, "", ""},
		{"in two character sets", `name="f"; filename="a.pdf"; filename*=utf-8''a.txt`, "", ""},
		{"twice", `name="f"; filename="a.pdf"; filename="a.txt"`, "", ""},
		{"escaped", `name="f"; filename="a\".txt"`, "", ""},
		{"a type", "name=\"f\"; filename=\"a\"\r\ncontent-type:  Text/Plain; charset=x ", "a", "  Text/Plain; charset=x "},
		{"two types", "name=\"f\"; filename=\"a\"\r\nContent-Type: text/plain\r\nContent-Type: image/png", "a", "several"},
	} {
		err := multipart.Each([]byte(form("--B", "Content-Disposition: form-data; "+tt.head, "", "x", "--B--")), "B", func(f multipart.Field) {
			if f.FileName != tt.name || f.Type != tt.kind {
				t.Errorf("%s: got %q of type %q, want %q of type %q", tt.about, f.FileName, f.Type, tt.name, tt.kind)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", tt.about, err)
		}
	}
}

// What is found here is what Go's own reader of forms finds, and nothing else.
func FuzzFind(f *testing.F) {
	f.Add([]byte(form("--B", model, "", "m", "--B--", "")))
	f.Add([]byte(form("--B", file, "", "x--B", "--B", model, "", "m", "--B--")))
	f.Add([]byte(form("--B", file, "", "x\n--B\n"+model+"\n\nn\n--B", "--B", model, "", "m", "--B--")))
	f.Fuzz(func(t *testing.T, body []byte) {
		start, end, err := multipart.Find(body, "B", "model")
		if err != nil {
			return
		}
		if start > end || end > len(body) {
			t.Fatalf("got %d to %d of %d", start, end, len(body))
		}
		var want []string
		for r := stdlib.NewReader(bytes.NewReader(body), "B"); ; {
			p, err := r.NextRawPart()
			if err != nil {
				break
			}
			v, err := io.ReadAll(p)
			if err == nil && p.FormName() == "model" {
				want = append(want, string(v))
			}
		}
		switch {
		case start < 0 && len(want) > 0:
			t.Fatalf("got no field, the library %q", want)
		case start >= 0 && len(want) > 0 && (len(want) > 1 || want[0] != string(body[start:end])):
			t.Fatalf("got %q, the library %q", body[start:end], want)
		}
	})
}
