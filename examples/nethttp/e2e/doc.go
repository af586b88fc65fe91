// Package e2e drives the built quickstart as the real world does: Chromium
// signs in, PRISM calls the service API, ffmpeg pushes RTMP into nginx, and a
// viewer watches and chats in Chromium. It has tests only.
package e2e
