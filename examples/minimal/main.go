// Command minimal is the smallest complete host of the service API: its own
// users, data in memory, and our sign-in page. It speaks plain HTTP on this
// machine only, which is for development: a real one needs HTTPS, see
// examples/nethttp.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// redirectURI ends with the service id that the NAVER Cloud console assigns.
const redirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/YOUR_SERVICE_ID"

// members are the people of this service, by the name they sign in with.
var members = map[string]prism.User{"minji": {ID: "u1", Name: "Min-ji"}, "juno": {ID: "u2", Name: "Juno"}}

// newHandler makes the service API of a host at origin, for one OAuth client.
// All members have the password of this hash.
func newHandler(ctx context.Context, origin, clientID, clientSecret string, hash []byte) (http.Handler, *memory.Store, error) {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://127.0.0.1:1935/live"})
	if err != nil {
		return nil, nil, err
	}
	for login, user := range members {
		if err := store.PutUser(ctx, user); err != nil {
			return nil, nil, err
		}
		channel := prism.Channel{ID: login, Name: user.Name + " live", Enabled: true, Link: origin + "/" + login}
		if err := store.PutChannel(ctx, user.ID, channel); err != nil {
			return nil, nil, err
		}
	}
	check := func(_ context.Context, account, password string) (string, error) {
		wrong := bcrypt.CompareHashAndPassword(hash, []byte(password)) // first, so that it takes as long for nobody
		if user, known := members[account]; known && wrong == nil {
			return user.ID, nil
		}
		return "", oauth.ErrBadCredentials
	}
	secrets := [][]byte{[]byte(rand.Text() + rand.Text())} // a real host keeps them, and shares them between instances
	auth, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID: clientID, Secrets: []oauth.Secret{oauth.NewSecret(clientSecret)}, RedirectURIs: []string{redirectURI},
		}),
		Store: store, Users: store, Secrets: secrets,
		Login:         oauth.PasswordLogin(check, oauth.PasswordOptions{Service: "Minimal Live"}),
		PublicURL:     origin + "/prism",
		AllowInsecure: true, // development only
	})
	if err != nil {
		return nil, nil, err
	}
	cfg := prism.FromStore(store) // users, channels, lives, chat, bans, managers, update
	cfg.Auth, cfg.Secrets = auth, secrets
	cfg.AllowInsecure = true // development only
	svc, err := prism.New(cfg)
	return svc, store, err
}

func main() {
	const address = "127.0.0.1:8080"
	origin := "http://" + address
	clientID, clientSecret := oauth.NewCredentials()
	password := rand.Text()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		log.Fatal(err)
	}
	svc, _, err := newHandler(context.Background(), origin, clientID, clientSecret, hash)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("service API domain  %s\nauthorization URL   %s/prism/oauth/authorize\nclient id           %s\nclient secret       %s\n",
		origin, origin, clientID, clientSecret)
	fmt.Printf("Sign in as minji or juno, password %s, at\n%s/prism/oauth/authorize?response_type=code&client_id=%s\n",
		password, origin, clientID)
	server := &http.Server{Addr: address, Handler: svc, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}
