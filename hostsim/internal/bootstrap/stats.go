package bootstrap

import "regexp"

// Stats say how metrics are shown.
type Stats struct {
	Tags        []StatsTag
	DefaultTags bool
	Buckets     []Buckets // the first that matches
}

// A StatsTag makes a label of a part of a metric's name: of what its expression's
// first group matches, which is cut out; the second group, inside of it, is the value.
type StatsTag struct {
	Name  string
	Regex *regexp.Regexp // or
	Fixed string
}

// Buckets are the upper bounds of the histograms whose names match.
type Buckets struct {
	Match  Matcher
	Bounds []float64
}

func readStats(o *object) Stats {
	s := Stats{DefaultTags: o.boolean("use_all_default_tags", true)}
	o.list("stats_tags", func(t *object) {
		one := StatsTag{Name: t.required("tag_name")}
		switch t.oneOf("regex", "fixed_value") {
		case "fixed_value":
			one.Fixed = t.str("fixed_value", "")
		case "regex":
			re, err := regexp.Compile(t.str("regex", ""))
			if err != nil {
				t.failAt("regex", "%v", err)
			} else if re.NumSubexp() < 1 {
				t.failAt("regex", "want a group: what it matches becomes the label")
			}
			one.Regex = re
		}
		t.done()
		s.Tags = append(s.Tags, one)
	})
	o.list("histogram_bucket_settings", func(h *object) {
		m, _ := h.child("match")
		b := Buckets{Match: readStringMatch(m)}
		for _, n := range h.items("buckets") {
			v := h.number(n, "buckets")
			if v <= 0 || len(b.Bounds) > 0 && v <= b.Bounds[len(b.Bounds)-1] {
				h.failAt("buckets", "want rising numbers above 0")
			}
			b.Bounds = append(b.Bounds, v)
		}
		h.done()
		s.Buckets = append(s.Buckets, b)
	})
	o.done()
	return s
}
