using Nitro.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Vectors 34: which tokens are accepted when.</summary>
public sealed class TokenVectorTests
{
    private static readonly VectorFile File = new("34-auth-tokens.json");

    public static TheoryData<string> Ids => File.Ids;

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector(string id)
    {
        if (File.Find(id) is not { } vector)
        {
            Assert.Equal(VectorFile.Absent, id);
            return;
        }

        Tokens tokens = Tokens.GoNitro(new FixedClock(vector.Input.GetProperty("now").GetInt64()));
        bool accepted = tokens.Allows(
            vector.Input.GetProperty("token").GetString()!, vector.Input.GetProperty("requiredPermission").GetString()!);
        Assert.Equal(vector.Expected.GetProperty("accepted").GetBoolean(), accepted);
    }

    [Fact]
    public void AnIssuedTokenEqualsThePublishedOneOfThatSecond()
    {
        Assert.Equal(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDAsInBlcm0iOlsicmVhZCIsInNpZ24iXSwic3ViIjoiIn0."
            + "BGoyDQgPE9GUraBlTOsB1XtCSCtgUWLT3EuIX_Myx3Q",
            Tokens.GoNitro(new FixedClock(1700000000)).Issue(""));
    }
}
