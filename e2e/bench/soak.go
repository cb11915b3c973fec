//go:build linux

package main

import "errors"

func soak(r *rig) error { return errors.New("not there yet") }
