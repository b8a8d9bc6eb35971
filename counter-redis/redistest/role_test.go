package redistest

import "testing"

// Who subscribes is told what happens whatever the faults, and after Cut.
func TestProxyPassesSubscriptions(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		server := Start(t)
		proxy := StartProxy(t, server.Addr())
		sub := proxied(t, proxy, protocol).Subscribe(t.Context(), "channel")
		t.Cleanup(func() { _ = sub.Close() })
		if _, err := sub.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
		proxy.SetFaults(Faults{LoseRequests: 1, LoseReplies: 1})
		proxy.Cut()
		if got := server.Client().Publish(t.Context(), "channel", "text").Val(); got != 1 {
			t.Errorf("%d are told; want one", got)
		}
		message, err := sub.ReceiveMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if message.Payload != "text" {
			t.Errorf("the message is %q", message.Payload)
		}
	}
}

func TestRoleOf(t *testing.T) {
	for command, want := range map[string]role{
		"*1\r\n$4\r\nsync\r\n":                                             roleReplica,
		"*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n":                     roleReplica,
		"*1\r\n$7\r\nMONITOR\r\n":                                          roleListener,
		"*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$14\r\nsentinel-1-cmd\r\n": roleListener,
		"*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$3\r\napp\r\n":             roleClient,
		"*2\r\n$3\r\nGET\r\n$4\r\nSYNC\r\n":                                roleClient,
		"PING\r\n":                                                         roleClient,
	} {
		if got := roleOf([]byte(command)); got != want {
			t.Errorf("%q is given by role %d; want %d", command, got, want)
		}
	}
}
