// Package adaptertest holds a pair of a client dialect and a provider to a folder of
// cases: what the client asks, what the provider must get, what it answers, and what
// the client must get.
//
// A case is a txtar archive (https://pkg.go.dev/golang.org/x/tools/txtar) whose comment
// says in a sentence what it shows. Its files are
//
//	request                  the client's request, in JSON
//	upstream request         what the provider must get, in JSON
//	drops                    the paths that must be reported as dropped, one a line
//	refused                  instead of both: status, code and parameter of the error
//	upstream response [429]  a whole answer of the provider, with a status other than 200
//	response [429]           what the client must get for it
//	upstream stream          a stream of the provider
//	stream                   what the client must get for it
//
// JSON is compared by structure, numbers as they are spelled. A stream is translated
// whole, cut in two at every byte, byte by byte, with each of the three line ends, with
// comments and unknown fields in between (a stream of lines with CRLF and blank lines), and a second time by the same decoder and
// encoder: the client's bytes must be the same each time. Ended early at any byte it must end
// for the client in an error, never in a finish reason.
package adaptertest
