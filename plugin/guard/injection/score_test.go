package injection

import (
	"bufio"
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"
)

// A sample is a labelled text.
type sample struct {
	family, text string
	attack       bool
	held         bool // neither rules nor weights are made by it
}

// unescape undoes what lines of samples have escaped.
func unescape(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(s)
}

// samples reads a file of lines: family, language, text.
func samples(t testing.TB, file string, attack bool) []sample {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []sample
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		cols := strings.SplitN(in.Text(), "\t", 3)
		if len(cols) != 3 {
			t.Fatalf("%s: want three columns, got %q", file, in.Text())
		}
		out = append(out, sample{cols[0], unescape(cols[2]), attack, !fitted(file)})
	}
	return out
}

// fitted reports whether weights are fitted by a file.
func fitted(file string) bool {
	return file == "testdata/attacks.tsv" || file == "testdata/benign.tsv"
}

// allSamples are all texts: those that weights are fitted by, and those held out.
func allSamples(t testing.TB) []sample {
	return slices.Concat(samples(t, "testdata/attacks.tsv", true), samples(t, "testdata/benign.tsv", false),
		samples(t, "testdata/held_attacks.tsv", true), samples(t, "testdata/held_benign.tsv", false),
		samples(t, "testdata/fresh_attacks.tsv", true), samples(t, "testdata/fresh_benign.tsv", false))
}

// scan judges a sample: documents and what is hidden in them are nobody's word.
func (s sample) scan(r *Rules) Result {
	return r.Scan([]byte(s.text), s.family == "indirect" || s.family == "document", defaultThreshold)
}

// at gives the score above which no more than a share of scores lies.
func at(scores []float64, share float64) float64 {
	s := slices.Clone(scores)
	slices.SortFunc(s, func(a, b float64) int { return cmp.Compare(b, a) })
	return s[int(share*float64(len(s)))]
}

// A tally counts what came to a threshold.
type tally struct{ hit, n int }

func (t tally) share() float64 { return float64(t.hit) / float64(max(t.n, 1)) }

// count tallies one half of the samples by family.
func count(r *Rules, all []sample, held bool, threshold float64) (attacks, benign tally, families map[string]tally) {
	families = map[string]tally{}
	for _, s := range all {
		if s.held != held {
			continue
		}
		sum, f := &benign, families[s.family]
		if s.attack {
			sum = &attacks
		}
		sum.n++
		f.n++
		if s.scan(r).Score >= threshold {
			sum.hit++
			f.hit++
		}
		families[s.family] = f
	}
	return attacks, benign, families
}

// TestScores prints what is found of the own samples, and holds the half that rules are not
// made by to what has been reached. Run it with -v to see the table.
func TestScores(t *testing.T) {
	t.Parallel()
	r := rules(t)
	all := allSamples(t)
	for _, held := range []bool{false, true} {
		var scores []float64
		for _, s := range all {
			if s.held == held && !s.attack {
				scores = append(scores, s.scan(r).Score)
			}
		}
		percent := at(scores, 0.01)
		strict, _, _ := count(r, all, held, percent+1e-9)
		attacks, benign, families := count(r, all, held, defaultThreshold)
		t.Logf("held out: %v; at a threshold of %.2f %.3f of %d attacks and %.3f of %d harmless texts; at 1 %% of those (%.2f) %.3f of attacks",
			held, defaultThreshold, attacks.share(), attacks.n, benign.share(), benign.n, percent, strict.share())
		mean, n := 0.0, 0
		for _, name := range slices.Sorted(keys(families)) {
			f := families[name]
			t.Logf("    %-14s %3d of %3d  %.2f", name, f.hit, f.n, f.share())
			if isAttack(all, name) {
				mean += f.share()
				n++
			}
		}
		t.Logf("    mean of families of attacks %.2f", mean/float64(n))
		if !held {
			continue
		}
		for _, floor := range []struct {
			name      string
			got, want float64
		}{
			{"attacks", attacks.share(), 0.75}, {"attacks at 1 %", strict.share(), 0.75}, {"mean of families", mean / float64(n), 0.65}, {"harmless texts left alone", 1 - benign.share(), 0.985},
			{"encoded", families["encoded"].share(), 0.95}, {"multilingual", families["multilingual"].share(), 0.75}, {"delimiter", families["delimiter"].share(), 0.80},
		} {
			if floor.got < floor.want {
				t.Errorf("%s: got %.3f, want %.3f at least", floor.name, floor.got, floor.want)
			}
		}
	}
}

func isAttack(all []sample, family string) bool {
	return slices.ContainsFunc(all, func(s sample) bool { return s.family == family && s.attack })
}

func keys(m map[string]tally) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func rules(t testing.TB) *Rules {
	t.Helper()
	r, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
