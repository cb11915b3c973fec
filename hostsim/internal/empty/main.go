// Command empty is a plugin with the usual callbacks and nothing in them: what a
// request costs before a plugin does anything.
package main

func main() {}
