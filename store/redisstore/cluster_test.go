package redisstore_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// freePorts returns ports that were free a moment ago.
func freePorts(t testing.TB, n int) []string {
	t.Helper()
	ports := make([]string, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer func() { _ = l.Close() }()
		ports[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// startCluster starts three masters that share the slots.
func startCluster(t testing.TB) *redis.ClusterClient {
	t.Helper()
	const masters, slots = 3, 16384
	path, ports := needRedis(t), freePorts(t, 2*masters)
	ctx := context.Background()
	var addrs []string
	for i := range masters {
		port, bus := ports[2*i], ports[2*i+1]
		cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port", bus,
			"--dir", t.TempDir(), "--save", "", "--appendonly", "no")
		cmd.SysProcAttr = childAttributes()
		must(t, cmd.Start())
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		addr := "127.0.0.1:" + port
		addrs = append(addrs, addr)
		node := redis.NewClient(&redis.Options{Addr: addr})
		defer func() { _ = node.Close() }()
		waitFor(t, "a node answers", func() bool { return node.Ping(ctx).Err() == nil })
		must(t, node.ClusterAddSlotsRange(ctx, i*slots/masters, (i+1)*slots/masters-1).Err())
		must(t, node.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", ports[0], ports[1]).Err())
		waitFor(t, "a node knows the others", func() bool {
			return strings.Contains(node.ClusterInfo(ctx).Val(), fmt.Sprintf("cluster_known_nodes:%d", i+1))
		})
	}
	for _, addr := range addrs {
		node := redis.NewClient(&redis.Options{Addr: addr})
		defer func() { _ = node.Close() }()
		waitFor(t, "the cluster is whole", func() bool {
			return strings.Contains(node.ClusterInfo(ctx).Val(), "cluster_state:ok")
		})
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestContractsInACluster(t *testing.T) {
	client := startCluster(t)
	t.Run("tokens", func(t *testing.T) {
		oauthtest.TestStore(t, func(t *testing.T) oauth.Store { return open(t, client, redisstore.Options{Prefix: t.Name()}) })
	})
	t.Run("chat", func(t *testing.T) {
		prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture { return chatFixture(t, client) })
	})
}
