package nodemediaserver

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"text/template"
)

//go:embed config.json.tmpl
var configText string

var configTemplate = template.Must(template.New("config.json").Funcs(template.FuncMap{"json": toJSON}).Parse(configText))

// Config is what differs between installations.
type Config struct {
	// Bind is the address to listen on for RTMP and HTTP.
	Bind               string
	RTMPPort, HTTPPort int
	// NotifyURL is where ingest.NodeMediaServer stands, with its secret:
	// "http://127.0.0.1:9000/{secret}/notify".
	NotifyURL string
	// JWTSecret is that of the ingest.NodeMediaServerControl.
	JWTSecret string
	// SignSecret signs play and publish URLs, which this configuration does
	// not ask for. The server makes one up and prints it when it is empty.
	SignSecret string
	// Data is the folder of the server's own records.
	Data string
}

// Write writes config.json. It holds secrets: only the server should read it.
func (c Config) Write(w io.Writer) error {
	if err := configTemplate.Execute(w, c); err != nil {
		return fmt.Errorf("node-media-server config: %w", err)
	}
	return nil
}

func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
