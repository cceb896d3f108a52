namespace Nitro;

/// <summary>What the build with the planted bugs compiles in; here, so that whoever looks for one can be seen to find it.</summary>
internal static class Mutant
{
    public static string Awake { get; } = "none";
}
