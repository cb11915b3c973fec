package sse

// AppendEvent appends one event. Without a type it has no event line. Data is cut
// into lines at LF, CR and CRLF; a line break in the type is left out.
func AppendEvent(dst []byte, event string, data []byte) []byte {
	if event != "" {
		dst = append(dst, "event: "...)
		for i := range len(event) {
			if c := event[i]; c != '\n' && c != '\r' {
				dst = append(dst, c)
			}
		}
		dst = append(dst, '\n')
	}
	for i := 0; ; {
		j := lineEnd(data, i)
		dst = append(dst, "data: "...)
		dst = append(dst, data[i:j]...)
		dst = append(dst, '\n')
		if j == len(data) {
			return append(dst, '\n')
		}
		i = j + 1
		if data[j] == '\r' && i < len(data) && data[i] == '\n' {
			i++
		}
	}
}

// AppendComment appends a comment, which clients ignore: a keep-alive. A line break
// in the text is left out.
func AppendComment(dst []byte, text string) []byte {
	dst = append(dst, ": "...)
	for i := range len(text) {
		if c := text[i]; c != '\n' && c != '\r' {
			dst = append(dst, c)
		}
	}
	return append(dst, "\n\n"...)
}
