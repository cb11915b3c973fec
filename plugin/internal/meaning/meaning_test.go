package meaning_test

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/meaning"
)

// nobody is the label of texts that are about none of the classes.
const nobody = "-"

// load reads a file of labels and texts, and gives them by label, in the order in which
// those come.
func load(t testing.TB, file string) (labels []string, texts map[string][]string) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string][]string{}
	for line := range strings.Lines(string(b)) {
		label, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			t.Fatalf("%s: no label in %q", file, line)
		}
		if texts[label] == nil {
			labels = append(labels, label)
		}
		texts[label] = append(texts[label], text)
	}
	return labels, texts
}

// learn learns so many examples of each label.
func learn(labels []string, texts map[string][]string, each int, otherwise []string) *meaning.Classes {
	var examples [][]string
	for _, l := range labels {
		examples = append(examples, texts[l][:min(each, len(texts[l]))])
	}
	return meaning.Learn(examples, otherwise)
}

func any(int) bool { return true }

// A tally is what has become of texts, in percent: of those that are about something, those
// whose class is the likeliest, and those that are found right, wrong or not at all by the
// threshold; and of the others, those for which nothing is found.
type tally struct{ likeliest, right, wrong, none, rejected float64 }

// judge has the classes find what each text is about.
func judge(c *meaning.Classes, threshold float32, labels []string, texts map[string][]string) (of tally) {
	var s meaning.Scratch
	n, others := 0.0, float64(len(texts[nobody]))
	for label, list := range texts {
		for _, text := range list {
			f := c.Find(text, any, &s)
			sure := f.Class >= 0 && f.Score >= threshold
			if label == nobody {
				if !sure {
					of.rejected++
				}
				continue
			}
			n++
			right := f.Class >= 0 && labels[f.Class] == label
			if right {
				of.likeliest++
			}
			switch {
			case !sure:
				of.none++
			case right:
				of.right++
			default:
				of.wrong++
			}
		}
	}
	percent := func(x, of float64) float64 { return math.Round(1000*x/of) / 10 }
	return tally{percent(of.likeliest, n), percent(of.right, n), percent(of.wrong, n), percent(of.none, n), percent(of.rejected, others)}
}

// What RATIONALE.md says of texts that nothing was tuned with.
func TestUnseen(t *testing.T) {
	t.Parallel()
	labels, examples := load(t, "examples.txt")
	_, unseen := load(t, "unseen.txt")
	_, otherwise := load(t, "otherwise.txt")
	for _, tt := range []struct {
		name      string
		each      int
		threshold float32
		otherwise []string
		want      tally
	}{
		{"10 examples", 10, 0.6, nil, tally{72.1, 55.4, 5.4, 39.2, 85}},
		{"20 examples", 20, 0.6, nil, tally{80, 68.3, 4.6, 27.1, 72.5}},
		{"40 examples", 40, 0.6, nil, tally{85.4, 75.4, 4.2, 20.4, 67.5}},
		{"40 examples, and 16 of none", 40, 0.6, otherwise[nobody], tally{84.6, 74.2, 4.6, 21.3, 77.5}},
		{"a lower threshold", 40, 0.4, otherwise[nobody], tally{84.6, 81.3, 8.3, 10.4, 50}},
		{"a higher threshold", 40, 0.7, otherwise[nobody], tally{84.6, 67.1, 0.8, 32.1, 87.5}},
	} {
		if got := judge(learn(labels, examples, tt.each, tt.otherwise), tt.threshold, labels, unseen); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	labels := []string{"billing", "travel"}
	c := learn(labels, map[string][]string{
		"billing": {"我的账单为什么这么高", "请给我开发票", "我要退款", "请求書を送ってください", "返金してほしい", "二重に請求されました",
			"ขอใบเสร็จ", "ฉันต้องการเงินคืน", "Wo ist meine Rechnung?", "Ich möchte mein Geld zurück", "청구서를 보내 주세요", "환불해 주세요", "Где мой счёт?", "Верните мне деньги", "Πού είναι το τιμολόγιό μου;"},
		"travel": {"去北京的机票多少钱", "推荐一家酒店", "上海有什么好玩的", "京都のホテルを探しています", "空港から市内への行き方", "パリ行きの飛行機",
			"โรงแรมใกล้ชายหาด", "ตั๋วเครื่องบินไปเชียงใหม่", "Welches Hotel in Wien ist gut?", "Ein Flug nach Rom", "서울 호텔 추천", "제주도 비행기 표", "Посоветуйте гостиницу в Казани", "Билет на самолёт в Сочи", "Ξενοδοχείο στην Αθήνα"},
	}, 100, nil)
	var s meaning.Scratch
	for _, tt := range []struct{ text, want string }{
		{"账单有错误", "billing"}, {"我想退款，谢谢", "billing"}, {"发票在哪里", "billing"}, {"北京的酒店", "travel"}, {"便宜的机票", "travel"},
		{"請求書が間違っています", "billing"}, {"返金はいつですか", "billing"}, {"安いホテル", "travel"}, {"空港までの電車", "travel"},
		{"ใบเสร็จผิด", "billing"}, {"โรงแรมในเชียงใหม่", "travel"},
		{"RECHNUNGEN vom letzten Jahr", "billing"}, {"Hotels am Meer", "travel"}, {"Ist der Rückflug inbegriffen?", "travel"},
		{"환불 언제 되나요", "billing"}, {"호텔을 예약하고 싶어요", "travel"},
		{"СЧЕТА и деньги", "billing"}, {"гостиницы у моря", "travel"}, {"τιμολόγια", "billing"}, {"Ξενοδοχεία", "travel"},
		{"xyzzy", ""}, {"", ""}, {"?!", ""},
	} {
		f := c.Find(tt.text, any, &s)
		got := ""
		if f.Class >= 0 && f.Score > 0 {
			got = labels[f.Class]
		}
		if got != tt.want {
			t.Errorf("%s: got %q with %v, want %q", tt.text, got, f.Score, tt.want)
		}
	}
}

func TestOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	c := meaning.Learn([][]string{{"red apples and green apples"}, {"apples"}}, nil)
	var s meaning.Scratch
	if f := c.Find("green apples", any, &s); f.Class != 0 || f.Margin <= 0 {
		t.Errorf("got %+v, want class 0", f)
	}
	if f := c.Find("green apples", func(i int) bool { return i == 1 }, &s); f.Class != 1 {
		t.Errorf("got %+v, want class 1", f)
	}
	if f := c.Find("green apples", func(int) bool { return false }, &s); f.Class != meaning.None {
		t.Errorf("got %+v, want none", f)
	}
}

// What is said about a text does not depend on what was asked before.
func FuzzFind(f *testing.F) {
	labels, examples := load(f, "examples.txt")
	c := learn(labels, examples, 5, nil)
	var used meaning.Scratch
	for _, s := range []string{"", "I want a refund", "3x + 4 = 7", "it's", "\xff\xfe", "退款", strings.Repeat("a ", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := c.Find(text, any, &used)
		b := c.Find(text, any, &meaning.Scratch{})
		if a != b {
			t.Errorf("got %+v, then %+v", a, b)
		}
		if !(a.Score >= 0 && a.Score < 1 && a.Margin >= 0 && a.Margin <= a.Score) || a.Class >= len(labels) {
			t.Errorf("got %+v", a)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	labels, examples := load(b, "examples.txt")
	c := learn(labels, examples, 40, nil)
	var s meaning.Scratch
	b.ReportAllocs()
	for b.Loop() {
		c.Find("How do I change the credit card that my subscription is paid with?", any, &s)
	}
}

func BenchmarkLearn(b *testing.B) {
	labels, examples := load(b, "examples.txt")
	b.ReportAllocs()
	for b.Loop() {
		learn(labels, examples, 40, nil)
	}
}
