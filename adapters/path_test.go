package adapters_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters"
)

func TestNamesStayOneInAPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, plain, want string }{
		{"", "", "/"},
		{"gpt-4.1_x", "-._", "/gpt-4.1_x"},
		{"a/b?c#d", "-", "/a%2Fb%3Fc%23d"},
		{"@cf/meta", "/@", "/@cf/meta"},
		{"AZaz09", "", "/AZaz09"},
		{"[\\]^`{|}/:@;<=>", "", "/%5B%5C%5D%5E%60%7B%7C%7D%2F%3A%40%3B%3C%3D%3E"},
		{"é\x00\xff", "", "/%C3%A9%00%FF"},
		{"%2F", "", "/%252F"},
	} {
		if got := string(adapters.AppendPath([]byte("/"), tt.name, tt.plain)); got != tt.want {
			t.Errorf("%q with %q: got %q, want %q", tt.name, tt.plain, got, tt.want)
		}
	}
}
