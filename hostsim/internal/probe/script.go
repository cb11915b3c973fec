package main

import (
	"errors"
	"strconv"
	"strings"
)

// A script is the blocks of a configuration in order.
type script []block

// A block is what to do in one callback.
type block struct {
	callback string
	nth      int    // 0 is every time
	end      string // "end", "open" or "" for both
	first    string // the first argument, or "" for any
	calls    []call
}

// A call is one line: a verb and its words, and where its result is kept.
type call struct {
	words  []word
	result string
}

// A word is a part of a line; a quoted one is never a number, a variable or &.
type word struct {
	text   string
	quoted bool
}

// parse reads a script; an error names the line.
func parse(text string) (script, error) {
	var s script
	for i, line := range strings.Split(text, "\n") {
		words, err := split(line)
		if err != nil {
			return nil, errors.New("line " + strconv.Itoa(i+1) + ": " + err.Error())
		}
		switch {
		case len(words) == 0:
		case words[0].text == "on" && len(words) > 1:
			b, err := parseBlock(words[1:])
			if err != nil {
				return nil, errors.New("line " + strconv.Itoa(i+1) + ": " + err.Error())
			}
			s = append(s, b)
		case len(s) == 0:
			return nil, errors.New("line " + strconv.Itoa(i+1) + `: want "on CALLBACK" before the first call`)
		default:
			c := call{words: words}
			if n := len(words); n > 2 && words[n-2] == (word{text: ">"}) {
				c.words, c.result = words[:n-2], words[n-1].text
			}
			s[len(s)-1].calls = append(s[len(s)-1].calls, c)
		}
	}
	return s, nil
}

func parseBlock(words []word) (block, error) {
	b := block{callback: words[0].text}
	for _, w := range words[1:] {
		switch {
		case strings.HasPrefix(w.text, "#"):
			n, err := strconv.Atoi(w.text[1:])
			if err != nil || n < 1 {
				return b, errors.New("want a number from 1 behind #, got " + w.text[1:])
			}
			b.nth = n
		case w.text == "end" || w.text == "open":
			b.end = w.text
		default:
			b.first = w.text
		}
	}
	return b, nil
}

// split cuts a line into words. A # that begins a word and is followed by a space
// begins a comment, so that "#2" stays a word.
func split(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeft(line, " \t\r")
		switch {
		case line == "" || line == "#" || strings.HasPrefix(line, "# "):
			return words, nil
		case line[0] == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errors.New("unfinished quotation")
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, errors.New("bad quotation " + quoted)
			}
			words = append(words, word{text, true})
			line = line[len(quoted):]
		default:
			n := strings.IndexAny(line, " \t\r")
			if n < 0 {
				n = len(line)
			}
			words = append(words, word{text: line[:n]})
			line = line[n:]
		}
	}
}

// find returns the block for a callback: the first that fits.
func (s script) find(callback string, nth int, args []uint32, end int) *block {
	for i := range s {
		b := &s[i]
		switch {
		case b.callback != callback, b.nth != 0 && b.nth != nth:
		case b.end == "end" && end != 1, b.end == "open" && end != 0:
		case b.first != "" && (len(args) == 0 || strconv.FormatUint(uint64(args[0]), 10) != b.first):
		default:
			return b
		}
	}
	return nil
}
