package output

import (
	"bytes"

	"github.com/postern-gateway/postern/plugin/internal/glob"
)

// mostURL is how much of a URL is held back until it ends; a longer one is not allowed.
const mostURL = 2048

// mostSpace is how many spaces and quotes are looked for before a URL.
const mostSpace = 8

// Links is a reader of Markdown's images, links and references
// (https://spec.commonmark.org/0.31.2/#links), of HTML's attributes src and href, and of
// bare URLs.
type links struct {
	policy *policy
	at     int
	tail   uint64 // the eight bytes before at, small letters, the last one lowest
	image  bool   // the bracket that was opened last is an image's
	held   int    // of a URL that has not ended: how much of it has been looked at
	kind   kind   // of that URL
}

type kind uint8

const (
	noURL kind = iota
	link
	image
	bare // behind ://, and not within any of those
)

func (l *links) read(text []byte, base int, last bool, found func(start, end int, with string)) int {
	for l.at < base+len(text) {
		rest := text[l.at-base:]
		if l.kind != noURL {
			n, ended := l.urlEnd(rest, last)
			if !ended {
				return l.at
			}
			if n > 0 && !l.allowed(rest[:n]) {
				found(l.at, l.at+n, instead(l.kind))
			}
			l.kind, l.held = noURL, 0
			l.pass(rest[:n])
			continue
		}
		for _, b := range rest {
			if b >= 'A' && b <= 'Z' {
				b |= 0x20
			}
			l.tail = l.tail<<8 | uint64(b)
			l.at++
			if opens(b) {
				if l.open(b); l.kind != noURL {
					break
				}
			}
		}
	}
	return l.at
}

// pass moves on over bytes.
func (l *links) pass(p []byte) {
	l.at += len(p)
	for _, b := range p[max(0, len(p)-8):] {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		l.tail = l.tail<<8 | uint64(b)
	}
}

// after reports whether the last bytes are those of s, eight at most.
func (l *links) after(s string) bool {
	tail := l.tail
	for i := len(s) - 1; i >= 0; i-- {
		if byte(tail) != s[i] {
			return false
		}
		tail >>= 8
	}
	return true
}

// opens reports whether a byte can be the last before a URL, or begins a bracket.
func opens(b byte) bool { return b == '[' || b == '(' || b == ':' || b == '=' || b == '/' }

// open finds out whether a URL begins behind the byte that has just passed.
func (l *links) open(b byte) {
	switch b {
	case '[':
		l.image = l.after("![")
	case '(':
		switch {
		case l.after("](") && l.image, l.after("url("):
			l.kind, l.image = image, false
		case l.after("]("):
			l.kind = link
		}
	case ':':
		if l.after("]:") {
			l.kind = image // a reference; who refers to it may be an image
		}
	case '=':
		switch {
		case l.after("src="), l.after("srcset="), l.after("poster="):
			l.kind = image
		case l.after("href="):
			l.kind = link
		}
	case '/':
		if l.after("://") {
			l.kind = bare
		}
	}
}

// urlEnd finds where a URL ends; false if that has not come.
func (l *links) urlEnd(text []byte, last bool) (int, bool) {
	i := l.held
	if l.kind != bare && i == 0 {
		for i < len(text) && i < mostSpace && (text[i] == ' ' || text[i] == '<' || text[i] == '"' || text[i] == '\'' || text[i] == '\n') {
			i++
		}
		if i == len(text) && !last && i < mostSpace {
			return 0, false
		}
	}
	for ; i < len(text); i++ {
		if b := text[i]; b <= ' ' || b == ')' || b == '>' || b == '"' || b == '\'' || l.kind == bare && (b == '<' || b == ']' || b == '`' || b == '*' || b == '|') {
			return i, true
		}
		if i >= mostURL {
			return i, true
		}
	}
	l.held = i
	return i, last
}

// instead is what stands for a URL that is taken out.
func instead(k kind) string {
	if k == bare {
		return removed
	}
	return "#removed"
}

// allowed reports whether a URL may stay: it is relative, or leads to a host that may be
// led to.
func (l *links) allowed(url []byte) bool {
	p := l.policy
	if l.kind == image && !p.images || l.kind != image && !p.links {
		return true
	}
	if len(url) >= mostURL {
		return false
	}
	if l.kind == bare {
		return p.listed(hostOf(url))
	}
	for len(url) > 0 && (url[0] == ' ' || url[0] == '<' || url[0] == '"' || url[0] == '\'' || url[0] == '\n') {
		url = url[1:]
	}
	end := bytes.IndexAny(url, "/?#")
	if end < 0 {
		end = len(url)
	}
	head := url[:end]
	if bytes.IndexByte(head, '&') >= 0 || bytes.IndexByte(head, '\\') >= 0 {
		return false // an entity or an escape can be a colon
	}
	scheme, _, absolute := bytes.Cut(head, []byte(":"))
	switch {
	case absolute && (equalFold(scheme, "http") || equalFold(scheme, "https")):
		return p.listed(hostOf(bytes.TrimLeft(url[len(scheme)+1:], `/\`)))
	case absolute:
		return equalFold(scheme, "mailto") || equalFold(scheme, "tel") || l.kind == image && equalFold(scheme, "data")
	case len(url) > 1 && url[0] == '/' && (url[1] == '/' || url[1] == '\\'):
		return p.listed(hostOf(bytes.TrimLeft(url, `/\`)))
	}
	return true
}

// hostOf is the host of what follows the slashes of a URL.
func hostOf(url []byte) []byte {
	if i := bytes.IndexAny(url, `/?#\`); i >= 0 {
		url = url[:i]
	}
	if i := bytes.LastIndexByte(url, '@'); i >= 0 {
		url = url[i+1:]
	}
	if i := bytes.LastIndexByte(url, ':'); i >= 0 {
		url = url[:i]
	}
	return bytes.TrimRight(url, ".,;!")
}

func (p *policy) listed(host []byte) bool {
	lower := make([]byte, len(host))
	for i, b := range host {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		lower[i] = b
	}
	return len(lower) > 0 && glob.Any(p.hosts, string(lower))
}

func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i]|0x20 != b[i] {
			return false
		}
	}
	return true
}
