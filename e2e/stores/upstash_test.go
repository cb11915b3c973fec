package stores

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An upstash speaks the REST protocol of Upstash to clients, and to a real Redis its own
// (https://upstash.com/docs/redis/features/restapi,
// https://redis.io/docs/latest/develop/reference/protocol-spec/).
type upstash struct {
	redis string // address
	token string
}

func (u *upstash) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("authorization") != "Bearer "+u.token {
		answer(w, 401, map[string]any{"error": "Unauthorized"})
		return
	}
	var words []string
	if r.Method != "POST" || r.URL.Path != "/" || json.NewDecoder(r.Body).Decode(&words) != nil {
		answer(w, 400, map[string]any{"error": "ERR failed to parse command"})
		return
	}
	result, err := u.do(words)
	var refused redisError
	switch {
	case errors.As(err, &refused):
		answer(w, 400, map[string]any{"error": string(refused)})
	case err != nil:
		answer(w, 502, map[string]any{"error": "ERR " + err.Error()})
	default:
		answer(w, 200, map[string]any{"result": result})
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}

// do has Redis carry out a command, over a connection of its own.
func (u *upstash) do(words []string) (any, error) {
	c, err := net.DialTimeout("tcp", u.redis, time.Second)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(c, b.String()); err != nil {
		return nil, err
	}
	return reply(bufio.NewReader(c))
}

type redisError string

func (e redisError) Error() string { return string(e) }

// reply reads what Redis says.
func reply(r *bufio.Reader) (any, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	rest := strings.TrimRight(line[1:], "\r\n")
	switch line[0] {
	case '+':
		return rest, nil
	case '-':
		return nil, redisError(rest)
	}
	n, err := strconv.Atoi(rest)
	if err != nil || line[0] == ':' || n < 0 {
		if n < 0 {
			return nil, err
		}
		return n, err
	}
	if line[0] == '$' {
		p := make([]byte, n+2)
		_, err := io.ReadFull(r, p)
		return string(p[:n]), err
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = reply(r); err != nil {
			return nil, err
		}
	}
	return list, nil
}
