// Command probe is a proxy-wasm plugin that does what a script in its
// configuration says, and logs every callback and host call with all that goes in
// and comes out. It uses no SDK: the imports and exports are the ABI itself.
//
// A script is lines; # begins a comment. A line "on CALLBACK" begins a block, and
// the lines below it are run when that callback comes. The callback's name is the
// ABI's without "proxy_on_". It may be followed by conditions, all of which must
// hold; the first block that fits is the only one that runs:
//
//	on request_headers
//	on request_body #2          # the second time in this context
//	on request_body end         # end of stream; "open" is the opposite
//	on http_call_response 4     # the first argument behind the context (a token)
//
// Every other line is a host call, named as in the ABI without "proxy_", with its
// arguments, or one of the verbs below. Words are parted by spaces; a word in
// double quotes may hold anything, with Go's escapes. "> NAME" at the end keeps
// the call's first result; $NAME uses it, in any context of the VM. $ctx and $root
// are context ids, $1, $2 … the callback's arguments behind the context.
//
//	return N           the callback's result: 0 unless vm_start, configure, done
//	set NAME VALUE…    keeps a value; several are joined
//	raw FUNCTION ARG…  calls with bare arguments: numbers; "text" is address and
//	                   length; & is the address of a word, shown after the call
//	print FD TEXT      writes to a file descriptor through WASI
//	env NAME           shows an environment variable
//	clock              shows WASI's wall clock in nanoseconds
//	random N           shows N random bytes
//	panic TEXT         dies
//	exit N             calls proc_exit
//	grow N             keeps N more bytes of memory
//	quiet              in this VM, log nothing more but what "log" logs
package main

func main() {}
