// Package media says what images and documents really are, by their first bytes.
package media

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// The media types that the providers take.
const (
	PNG  = "image/png"
	JPEG = "image/jpeg"
	GIF  = "image/gif"
	WebP = "image/webp"
	PDF  = "application/pdf"
)

// Type returns the media type of b by its signature, or nothing.
func Type(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return GIF
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return WebP
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return PDF
	default:
		return ""
	}
}

// Describe says in words what b is, with the size of an image in pixels where its header tells.
func Describe(b []byte) string {
	kind := Type(b)
	var config image.Config
	var err error
	switch kind {
	case PNG:
		config, err = png.DecodeConfig(bytes.NewReader(b))
	case JPEG:
		config, err = jpeg.DecodeConfig(bytes.NewReader(b))
	case GIF:
		config, err = gif.DecodeConfig(bytes.NewReader(b))
	}
	if err != nil || config.Width == 0 {
		return fmt.Sprintf("%s of %d bytes", kind, len(b))
	}
	return fmt.Sprintf("%s of %d bytes, %d x %d pixels", kind, len(b), config.Width, config.Height)
}
