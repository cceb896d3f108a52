using Nitro.Libp2p.Addresses;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class MultiaddrVectorTests
{
    [Fact]
    public void Vector_multiaddrs_are_the_same_as_text_and_as_bytes() => VectorFile.ForEach("multiaddr", vector =>
    {
        if (vector.TextOrNull("text") is { } text)
        {
            Assert.Equal(!vector.Flag("error"), Multiaddr.TryParse(text, out var fromText));
            Assert.Equal(vector.TextOrNull("bytes"), fromText is null ? null : Convert.ToHexStringLower(fromText.Bytes.Span));
            Assert.Equal(fromText is null ? null : vector.TextOrNull("canonical") ?? text, fromText?.ToString());
        }

        if (vector.Has("bytes"))
        {
            Assert.Equal(!vector.Flag("error"), Multiaddr.TryParse(vector.Bytes("bytes"), out var fromBytes));
            Assert.Equal(fromBytes is null ? null : vector.TextOrNull("canonical") ?? vector.Text("text"), fromBytes?.ToString());
        }
    });

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("ip4/1.2.3.4")]
    [InlineData("/ip4/1.2.3")]
    [InlineData("/ip4/01.2.3.4")]
    [InlineData("/ip4/1.2.3.4/")]
    [InlineData("/ip4/1.2.3.4/tcp/65536")]
    [InlineData("/ip4/1.2.3.4/tcp/+1")]
    [InlineData("/ip4/::1/tcp/1")]
    [InlineData("/ip6/fe80::1%eth0/tcp/1")]
    [InlineData("/dns4//tcp/1")]
    [InlineData("/nonsense/1")]
    [InlineData("/p2p/16Uiu2HA")]
    public void Text_that_is_no_multiaddr_is_refused(string text) => Assert.False(Multiaddr.TryParse(text, out _));

    [Fact]
    public void The_peer_is_taken_off_and_put_on()
    {
        var address = Multiaddr.Parse("/ip4/1.2.3.4/tcp/9/p2p/16Uiu2HAmSjXJqsyBJgcBUU2HQmykxGseafSatbpq5471XmuaUqyv");

        Assert.Equal("/ip4/1.2.3.4/tcp/9", address.WithoutPeer()!.ToString());
        Assert.Equal(address, address.WithoutPeer()!.WithPeer(address.Peer!));
        Assert.Null(Multiaddr.Parse($"/p2p/{address.Peer}").WithoutPeer());
    }
}
