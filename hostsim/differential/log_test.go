package differential

import (
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// logFormat makes Envoy say which thread logs, behind a mark that begins a line.
const logFormat = "\x1e%t\x1f%l\x1f%v"

// A logReader follows Envoy's log.
type logReader struct {
	file   string
	owners map[string]string // scenarios by root id
	at     int64
	rest   string
	lines  map[string][]logLine // by scenario
}

// read takes in what is new.
func (r *logReader) read() error {
	f, err := os.Open(r.file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(r.at, io.SeekStart); err != nil {
		return err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	r.at += int64(len(b))
	text := r.rest + string(b)
	r.rest = ""
	if !strings.HasSuffix(text, "\n") {
		i := strings.LastIndex(text, "\x1e")
		if i < 0 {
			i = 0
		}
		text, r.rest = text[:i], text[i:]
	}
	for _, record := range strings.Split(text, "\x1e") {
		r.take(strings.TrimSuffix(record, "\n"))
	}
	return nil
}

// take notes a record if a plugin logged it: "wasm log [PLUGIN] ROOT VM: MESSAGE".
func (r *logReader) take(record string) {
	parts := strings.SplitN(record, "\x1f", 3)
	if len(parts) < 3 || !strings.HasPrefix(parts[2], "wasm log ") {
		return
	}
	prefix, message, ok := strings.Cut(parts[2], ": ")
	words := strings.Fields(prefix)
	if !ok || len(words) < 4 {
		return
	}
	owner := r.owners[words[len(words)-2]]
	r.lines[owner] = append(r.lines[owner], logLine{level: parts[1], prefix: prefix, message: message, thread: parts[0]})
}

// A logLine is one line of a plugin.
type logLine struct{ level, prefix, message, thread string }

// byWorker parts a scenario's lines by worker. Workers have the numbers in which
// their first stream came; those that had none are left out.
func byWorker(lines []logLine, main func(thread string) bool) map[string][]logLine {
	workers := map[string]string{}
	for _, l := range lines {
		_, known := workers[l.thread]
		if !known && !main(l.thread) && strings.HasPrefix(l.message, "context_create") && !strings.HasSuffix(l.message, " 0") {
			workers[l.thread] = "worker " + strconv.Itoa(len(workers))
		}
	}
	out := map[string][]logLine{}
	for _, l := range lines {
		who := workers[l.thread]
		if main(l.thread) {
			who = "main thread"
		}
		if who != "" {
			out[who] = append(out[who], l)
		}
	}
	return out
}

// numbering numbers contexts anew, in the order in which they are named. A root that
// is created gets a new number: it may be one of another VM with an old one's id.
type numbering struct {
	ids  map[string]string
	last int
}

func (n *numbering) id(id string) string {
	if _, ok := n.ids[id]; !ok && id != "0" {
		n.last++
		n.ids[id] = strconv.Itoa(n.last)
	}
	return n.ids[id]
}

func (n *numbering) line(msg string) string {
	words := strings.Split(msg, " ")
	if len(words) == 3 && words[0] == "context_create" && words[2] == "0" {
		delete(n.ids, strings.TrimPrefix(words[1], "ctx="))
	}
	for i, w := range words {
		if id, ok := strings.CutPrefix(w, "ctx="); ok {
			words[i] = "ctx=" + n.id(id)
			if words[0] == "context_create" && len(words) > i+1 {
				words[i+1] = n.id(words[i+1])
			}
			break
		}
		if w == "set_effective_context" && len(words) > i+1 {
			words[i+1] = n.id(words[i+1])
			break
		}
	}
	return strings.Join(words, " ")
}

// ofThatRun is what is another in each run: how long an upstream took, the date, the
// time, and a signature of ECDSA, which begins as a pair of numbers does in DER.
var ofThatRun = regexp.MustCompile(`"(?:x-envoy-upstream-service-time|date)=[^"]*"|get_current_time_nanoseconds -> 0 \d+` +
	`|sign .* -> 0 "\\b\\x01\\x12[D-I]0[B-G]\\x02.*`)

// normalLog makes two hosts' log lines comparable: contexts get other numbers, and
// of a trap stays the first line.
func normalLog(lines []logLine) []string {
	var out []string
	ids, trapped := &numbering{ids: map[string]string{"0": "0"}}, false
	for _, l := range lines {
		if l.level != "info" && trapped {
			continue // the rest of the guest's own stack trace
		}
		msg := l.message
		trapped = l.level == "error" && strings.HasPrefix(msg, "panic: ")
		if trapped {
			msg, _, _ = strings.Cut(msg, "\n")
		}
		prefix := strings.TrimPrefix(l.prefix, "wasm log ")
		out = append(out, "["+l.level+"] "+prefix+": "+ids.line(ofThatRun.ReplaceAllString(msg, "…")))
	}
	return out
}
