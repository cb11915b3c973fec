package injection

import (
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"prose", "The harbour was quiet, and 12 boats (of 20) lay there.", ""},
		{"base64", "x = 'dGhlIGhpZGRlbiB3b3Jkcw=='", "the hidden words"},
		{"base64 for URLs, without its end", "dGhlIGhpZGRlbiB3b3Jkcw", "the hidden words"},
		{"base64 over lines", "dGhlIGhpZGRl\nbiB3b3JkcyBo\nZXJlIGFuZCB0", "the hidden words here and t"},
		{"base32", "ORUGKIDINFSGIZLOEB3W64TEOM======", "the hidden words"},
		{"hexadecimal", "74686520776f726473", "the words"},
		{"hexadecimal, apart", "74 68 65 20 77 6f 72 64 73", "the words"},
		{"hexadecimal, digits only", "64 65 61 64 20 62 65 65 66 73", "dead beefs"},
		{"hexadecimal with 0x", "0x74 0x68 0x65 0x20 0x77 0x6f 0x72 0x64", "the word"},
		{"bytes of a program", `\x74\x68\x65\x20\x77\x6f\x72\x64`, "the word"},
		{"characters of a program", `\u0074\u0068\u0065\u0020\u00fc\u0062\u0065\u0072`, "the über"},
		{"a URL", "%74%68%65%20%77%6F%72%64", "the word"},
		{"HTML", "&#116;&#104;&#101;&#32;&#x77;&#111;&#114;&#100;", "the word"},
		{"binary", "01110100 01101000 01100101 00100000 01110111 01101111 01110010 01100100", "the word"},
		{"binary in one", "011101000110100001100101001000000111011101101111011100100110010001110011", "the words"},
		{"octal escapes", `\164\150\145\040\167\157\162\144`, "the word"},
		{"hexadecimal in base64", "NzQ2ODY1MjA3NzZmNzI2NDczMjA2NjZmNmM2YzZmNzc=", "74686520776f72647320666f6c6c6f77"},
		{"decimal", "116, 104, 101, 32, 119, 111, 114, 100", "the word"},
		{"octal", "164 150 145 40 167 157 162 144", "the word"},
		{"numbers of letters", "20-8-5 8-9-4-4-5-14 23-15-18-4-19 1-18-5 8-5-18-5 14-15-23", "the hidden words are here now "},
		{"dates", "1-2 3-4 5-6 10-12-2024 11-12 12-1", ""},
		{"Morse", "- .... . / .-- --- .-. -.. ...", "the words"},
		{"an image", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", ""},
		{"a hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""},
		{"a UUID", "550e8400-e29b-41d4-a716-446655440000", ""},
		{"too few", "74 68 65", ""},
	} {
		if got := string(decode([]byte(tt.in))); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTurn(t *testing.T) {
	t.Parallel()
	for how, in := range []string{"gur üoreenfpuhat", "gnuhcsarrebü eht", "gsv üyviizhxsfmt", "wkh üehuudvfkxqj"} {
		if got, want := string(turn([]byte(in), how)), "the überraschung"; got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestReverseWords(t *testing.T) {
	t.Parallel()
	if got := string(reverseWords([]byte("eht neddih\nsdröw "))); got != "the hidden\nwörds " {
		t.Errorf("got %q", got)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ünïcödé ÀÉÎÕÜ ñ ß ł ş ț": "unicode aeiou n s l s t ", "Ｆｕｌｌ１": "full1 ", "𝐛𝐨𝐥𝐝 𝓼𝓬𝓻𝓲𝓹𝓽 𝟗": "bold script 9 ", "ⓒⓘⓡⓒⓛⓔ Ⓒ 🅒 🄲 🅲": "circle c c c c ",
		"ꜱᴍᴀʟʟ": "small ", "zero\u200bwidth so\u00adft": "zerowidth soft ", "ПРИВЕТ Ёж": "привет еж ", "раsswоrd": "password ", "Λόγος": "λογοσ ",
		"忽略 之前": "忽略之前 ", "إنس أمر": "انس امر ", "a\u0301e\u0308": "ae ", "don't it’s": "dont its ", "việt ĐƯỜNG": "viet duong ", "word。Next": "word next ",
	} {
		r := rules(t)
		c := newCutter(r)
		c.text = []byte(in)
		for i := 0; i < len(in); {
			if r.class[in[i]] == ofWords {
				i = c.word(i)
			} else {
				i++
			}
		}
		if got := string(c.folded); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSpelling(t *testing.T) {
	t.Parallel()
	r := rules(t)
	for _, w := range []string{"isntructions", "instrctions", "instructtions", "prevoius", "ovverride"} {
		if r.spell.find([]byte(w)) == 0 {
			t.Errorf("%s is not known for what it means", w)
		}
	}
	for _, w := range []string{"institutions", "harbour", "restitutions", "remand"} {
		if r.spell.find([]byte(w)) != 0 {
			t.Errorf("%s is taken for another word", w)
		}
	}
}

// TestMisspeltAnywhere puts a misspelt word behind more and more others, until the cutter has
// had to make room and to flush.
func TestMisspeltAnywhere(t *testing.T) {
	t.Parallel()
	r := rules(t)
	for n := range 700 {
		c := newCutter(r)
		c.scan.begin(0, 1)
		c.run([]byte(strings.Repeat("go ", n) + "passwrod" + strings.Repeat(" go", 20)))
		if c.scan.evasions != 1 {
			t.Errorf("behind %d words: got %d words in disguise, want 1", n, c.scan.evasions)
		}
	}
}
