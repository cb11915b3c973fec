// Command fit finds the weights of the injection guard's rules and words: a logistic
// regression over the samples and the sentences of the grammar, whose weights are drawn to
// what the rule file says (rules) or to nothing (words). Each text counts by the one of its
// windows that comes to most. It writes rules.bin, always the same of the same files.
package main

import (
	"bytes"
	"compress/flate"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-gateway/postern/plugin/guard/injection"
)

func main() {
	dir := flag.String("dir", "plugin/guard/injection", "the package's `folder`")
	attacks := flag.String("attacks", "attacks.tsv", "files of attacks below testdata, apart by commas")
	benign := flag.String("benign", "benign.tsv", "files of harmless texts")
	sentences := flag.String("grammar", "grammar.txt", "file of a grammar")
	out := flag.String("out", "", "`file` for the rules; empty: rules.bin in the folder")
	o := usual
	flag.Float64Var(&o.words, "words", o.words, "how strongly weights of words are drawn to 0")
	flag.Float64Var(&o.rules, "rules", o.rules, "how strongly weights of rules are drawn to where they were")
	flag.IntVar(&o.rounds, "rounds", o.rounds, "how often all samples are gone through")
	flag.Float64Var(&o.light, "light", o.light, "what a sentence of the grammar counts, and a text joined of others")
	flag.Float64Var(&o.shift, "shift", o.shift, "what is added to the bias in the end")
	flag.Parse()
	if *out == "" {
		*out = filepath.Join(*dir, "rules.bin")
	}
	if err := run(*dir, *attacks, *benign, *sentences, *out, o); err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}

func run(dir, attacks, benign, sentences, out string, o options) error {
	text, err := os.ReadFile(filepath.Join(dir, "rules.txt"))
	if err != nil {
		return err
	}
	r, err := injection.Compile(string(text), "")
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "testdata")
	bad, err := read(r, data, attacks, 1)
	if err != nil {
		return err
	}
	good, err := read(r, data, benign, 0)
	if err != nil {
		return err
	}
	made, err := grammar(r, filepath.Join(data, sentences), o.light)
	if err != nil {
		return err
	}
	joined := join(r, bad, good, o.light)
	m := newModel(r, append(append(bad, good...), made...))
	all := append(m.samples, joined...)
	m.fit(all, o)
	m.prune()
	m.fit(all, o) // what is left makes up for what is not
	w := m.weights(o)
	fmt.Printf("%d attacks, %d harmless texts, %d sentences; bias %.2f, %d words and pairs\n", len(bad), len(good), len(made), w.Bias, len(w.Words))
	return write(out, string(text), w)
}

// write packs rules and weights as injection.Default reads them.
func write(file, text string, w injection.Weights) error {
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(append([]byte(text+"\x00"), w.Bytes()...)); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// lines gives the lines of a file that are not empty and no comments.
func lines(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out, nil
}
