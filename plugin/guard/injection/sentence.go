package injection

// sentences widens spans to the sentences that they are in and joins those that touch.
// Spans that come later in the text are found by steps over what lies between, so it takes
// linear time.
func sentences(text []byte, spans []Span) []Span {
	for i := range spans { // which are nearly in order: those of one window are together
		for k := i; k > 0 && spans[k].Start < spans[k-1].Start; k-- {
			spans[k], spans[k-1] = spans[k-1], spans[k]
		}
	}
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start < out[n-1].End && s.End <= out[n-1].End {
			continue
		}
		floor := 0
		if n := len(out); n > 0 {
			floor = out[n-1].End
		}
		for s.Start = min(s.Start, len(text)); s.Start > floor && !ends(text, s.Start-1); s.Start-- {
		}
		for s.Start < s.End && text[s.Start] <= ' ' {
			s.Start++
		}
		for s.End = min(s.End, len(text)); s.End < len(text) && !ends(text, s.End-1); s.End++ {
		}
		if n := len(out); n > 0 && s.Start <= floor {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// ends reports whether a byte is the last of a sentence: a line's end, or a mark with a
// space or the text's end behind it.
func ends(text []byte, i int) bool {
	switch text[i] {
	case '\n':
		return true
	case '.', '!', '?':
		return i+1 == len(text) || text[i+1] <= ' '
	}
	// 。！？ are the last of three bytes.
	return i >= 2 && (string(text[i-2:i+1]) == "。" || string(text[i-2:i+1]) == "！" || string(text[i-2:i+1]) == "？")
}
