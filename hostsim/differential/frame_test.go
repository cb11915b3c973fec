package differential

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
)

// A frame is what a step sends.
type frame struct {
	kind     string // headers, data, trailers, reset, close, reply
	fields   hostsim.Headers
	data     []byte
	end      bool
	status   string
	trailers hostsim.Headers
}

const largestFrame = 16384

// frames are what a step of the client or the upstream sends: a body that is too
// long for one frame is cut.
func (st step) frames() ([]frame, error) {
	f := frame{kind: st.words[0]}
	rest := st.words[1:]
	if len(rest) > 0 && rest[0] == "end" {
		f.end, rest = true, rest[1:]
	}
	switch f.kind {
	case "headers":
		if st.who == "upstream" {
			if len(rest) == 0 {
				return nil, fmt.Errorf("step %q: want a status", st.text)
			}
			f.fields = hostsim.H(":status", rest[0])
			rest = rest[1:]
		} else {
			f.fields = requestLine(st.stream, rest)
		}
		f.fields = append(f.fields, pairs(rest)...)
	case "trailers":
		f.fields, f.end = pairs(rest), true
	case "data":
		return cutData(f, rest), nil
	case "reset", "close":
	default:
		return nil, fmt.Errorf("step %q: want headers, data, trailers, reset or close", st.text)
	}
	return []frame{f}, nil
}

// requestLine is what a request has in front, but for what the step itself says.
func requestLine(stream int, words []string) hostsim.Headers {
	var h hostsim.Headers
	for _, f := range hostsim.H(":method", "POST", ":path", "/"+strconv.Itoa(stream), ":scheme", "http", ":authority", "example.com") {
		given := false
		for _, w := range words {
			given = given || strings.HasPrefix(w, f.Name+"=")
		}
		if !given {
			h = append(h, f)
		}
	}
	return h
}

// cutData reads TEXT or COUNT*TEXT.
func cutData(f frame, rest []string) []frame {
	if len(rest) > 0 {
		f.data = []byte(rest[0])
		if n, text, ok := strings.Cut(rest[0], "*"); ok {
			if count, err := strconv.Atoi(n); err == nil {
				f.data = []byte(strings.Repeat(text, count))
			}
		}
	}
	var out []frame
	for len(f.data) > largestFrame {
		out = append(out, frame{kind: "data", data: f.data[:largestFrame]})
		f.data = f.data[largestFrame:]
	}
	return append(out, f)
}

// answer is what a step "callout STATUS [BODY] [name=value…] [/ name=value…]" answers;
// "callout reset" breaks off before the headers, "callout STATUS reset" behind them.
func (st step) answer() frame {
	f := frame{kind: "reply"}
	rest := st.words
	if rest[0] == "reset" {
		f.kind = "reset"
		return f
	}
	f.status, rest = rest[0], rest[1:]
	if len(rest) > 0 && rest[0] == "reset" {
		f.kind = "reset"
		return f
	}
	if len(rest) > 0 {
		f.data, rest = []byte(rest[0]), rest[1:]
	}
	f.fields = append(hostsim.H(":status", f.status), pairs(rest)...)
	for i, w := range rest {
		if w == "/" {
			f.trailers = pairs(rest[i+1:])
		}
	}
	return f
}

// pairs reads name=value up to a bare "/".
func pairs(words []string) hostsim.Headers {
	var h hostsim.Headers
	for _, w := range words {
		if w == "/" {
			break
		}
		at := strings.Index(w[min(1, len(w)):], "=")
		if at < 0 {
			h = append(h, hostsim.Header{Name: w})
			continue
		}
		h = append(h, hostsim.Header{Name: w[:at+1], Value: w[at+2:]})
	}
	return h
}
