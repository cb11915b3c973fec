package hostsim_test

import (
	"fmt"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// examplePlugin is where your own compiled module would stand. The module here
// does what its configuration says.
func examplePlugin(configuration string) hostsim.Plugin {
	module, err := probeModule() // hostsim.Compile(ctx, wasm), once for the test binary
	if err != nil {
		fmt.Println(err)
	}
	return hostsim.Plugin{Module: module, Name: "demo", Configuration: configuration}
}

// A request goes through the plugin to an upstream that is a Go function.
func Example() {
	host, err := hostsim.New(hostsim.Config{
		Plugin: examplePlugin("on request_headers\nadd_header_map_value 0 x-user jane"),
		Upstream: func(r hostsim.Request) hostsim.Response {
			return hostsim.Respond(200, "hello "+r.Headers.Get("x-user"))
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close() //nolint:errcheck // an example
	response, err := host.Do(hostsim.Get("/"))
	fmt.Println(response.Status(), string(response.Body), err)
	// Output: 200 hello jane <nil>
}

// Frame by frame, the test plays the client and the upstream, and looks at what has
// passed the plugin so far.
func ExampleHost_NewStream() {
	host, err := hostsim.New(hostsim.Config{Plugin: examplePlugin("on request_body open\nreturn 1")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close() //nolint:errcheck // an example
	stream := host.NewStream(hostsim.StreamOptions{})
	fmt.Println(stream.RequestHeaders(hostsim.Post("/", "").Headers, false))
	fmt.Println(stream.RequestBody([]byte("first "), false))
	request, complete := stream.Upstream()
	fmt.Printf("%q %v, %s\n", request.Body, complete, stream.HeldBy())
	fmt.Println(stream.RequestBody([]byte("second"), true))
	request, complete = stream.Upstream()
	fmt.Printf("%q %v\n", request.Body, complete)
	fmt.Println(stream.Disconnect())
	// Output:
	// <nil>
	// <nil>
	// "" false, request held by plugin "demo"
	// <nil>
	// "first second" true
	// <nil>
}

// Time passes when the test says so; ticks and callouts follow.
func ExampleHost_Advance() {
	host, err := hostsim.New(hostsim.Config{
		Plugin: examplePlugin(`on configure
set_tick_period_milliseconds 1000
on tick
http_call keys 500 "" :method=GET :path=/keys :authority=idp
on http_call_response
get_buffer_bytes 4 0 100`),
		Clusters: map[string]hostsim.Handler{"keys": func(r hostsim.Request) hostsim.Response {
			return hostsim.Respond(200, "key set")
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close() //nolint:errcheck // an example
	fmt.Println(host.Advance(time.Second))
	messages := host.Messages(hostsim.LevelInfo)
	fmt.Println(messages[len(messages)-1])
	// Output:
	// <nil>
	//   get_buffer_bytes 4 0 100 -> 0 "key set"
}
