package injection

import (
	"bufio"
	"cmp"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"testing"
)

// A sample is a labelled text.
type sample struct {
	family, lang, text string
	attack, held       bool // held: of the half that rules are not written by
}

// samples reads a file of lines: family, language, text with \n, \t and \\ escaped.
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
		h := fnv.New32a()
		h.Write([]byte(cols[2]))
		text := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(cols[2])
		out = append(out, sample{cols[0], cols[1], text, attack, h.Sum32()&4 != 0})
	}
	return out
}

// at gives the threshold above which no more than a share of scores lies.
func at(scores []float64, share float64) float64 {
	s := slices.Clone(scores)
	slices.SortFunc(s, func(a, b float64) int { return cmp.Compare(b, a) })
	return s[int(share*float64(len(s)))]
}

func untrusted(family string) bool { return family == "indirect" || family == "document" }

func TestTable(t *testing.T) {
	r, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	all := append(samples(t, "testdata/attacks.tsv", true), samples(t, "testdata/benign.tsv", false)...)
	for _, held := range []bool{false, true} {
		table(t, r, all, held)
	}
	if x := os.Getenv("EXTERNAL"); x != "" {
		ext := external(t, x)
		table(t, r, ext, false)
		var benign []float64
		for _, s := range append(all, ext...) {
			if !s.attack && s.family != "wildguard" {
				benign = append(benign, r.Scan([]byte(s.text), untrusted(s.family), 0.7).Score)
			}
		}
		for _, share := range []float64{0.005, 0.01, 0.015, 0.02} {
			th := at(benign, share)
			n, m := [2]int{}, [2]int{}
			for _, s := range all {
				if s.attack {
					i := 0
					if s.held {
						i = 1
					}
					m[i]++
					if r.Scan([]byte(s.text), untrusted(s.family), 0.7).Score > th {
						n[i]++
					}
				}
			}
			fmt.Printf("ALL fp %.3f th %.3f dev %.3f held %.3f\n", share, th, float64(n[0])/float64(m[0]), float64(n[1])/float64(m[1]))
		}
	}
}

func external(t *testing.T, x string) []sample {
	b, _ := os.ReadFile(x)
	var out []sample
	for l := range strings.Lines(string(b)) {
		c := strings.SplitN(strings.TrimSpace(l), "\t", 3)
		if len(c) < 3 {
			continue
		}
		out = append(out, sample{family: c[1], text: strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(c[2]), attack: c[0] == "A"})
	}
	return out
}

func table(t *testing.T, r *Rules, all []sample, held bool) {
	var benign []float64
	for _, s := range all {
		if s.held == held && !s.attack {
			benign = append(benign, r.Scan([]byte(s.text), untrusted(s.family), 0.7).Score)
		}
	}
	th := at(benign, 0.01)
	if x := os.Getenv("TH"); x != "" {
		fmt.Sscan(x, &th)
	}
	hit, n := map[string]int{}, map[string]int{}
	total, found := 0, 0
	show := os.Getenv("SHOW")
	for _, s := range all {
		if s.held != held {
			continue
		}
		res := r.Scan([]byte(s.text), untrusted(s.family), 0.7)
		n[s.family]++
		bad := res.Score > th
		if bad {
			hit[s.family]++
		}
		if s.attack {
			total++
			if bad {
				found++
			}
		}
		if !held && (show == "miss" && s.attack && !bad || show == "fp" && !s.attack && res.Score > th*0.8 || show == s.family) {
			fmt.Printf("%.2f %s %s %.160q %v\n", res.Score, s.family, s.lang, s.text, res.Rules)
		}
	}
	fmt.Printf("held=%v threshold %.3f benign %d attacks %d tpr %.3f\n", held, th, len(benign), total, float64(found)/float64(total))
	for _, k := range sorted(n) {
		fmt.Printf("   %-14s %3d/%3d %.2f\n", k, hit[k], n[k], float64(hit[k])/float64(n[k]))
	}
}

func sorted(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
