using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace Nitro.Boundary.Tests;

/// <summary>What a planted bug leaves in an assembly: the type that says which one is awake, and the symbol of that build.</summary>
internal static class Traces
{
    private const string Symbol = "MUTANTS";

    /// <summary>In words, one for each trace; none in what is shipped.</summary>
    public static IReadOnlyList<string> In(string path)
    {
        using PEReader file = new(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        bool IsMutant(StringHandle space, StringHandle name) =>
            metadata.StringComparer.Equals(space, nameof(Nitro)) && metadata.StringComparer.Equals(name, nameof(Mutant));

        var defined = from handle in metadata.TypeDefinitions
                      let type = metadata.GetTypeDefinition(handle)
                      where IsMutant(type.Namespace, type.Name)
                      select "defines Nitro.Mutant";
        var named = from handle in metadata.TypeReferences
                    let type = metadata.GetTypeReference(handle)
                    where IsMutant(type.Namespace, type.Name)
                    select "names Nitro.Mutant";
        var debug = Path.ChangeExtension(path, ".pdb");
        string[] texts = File.Exists(debug) ? [path, debug] : [path];
        var said = from text in texts
                   let bytes = File.ReadAllBytes(text)
                   where Says(bytes, Encoding.UTF8) || Says(bytes, Encoding.Unicode)
                   select $"{Path.GetFileName(text)} says {Symbol}";
        return [.. defined, .. named, .. said];
    }

    private static bool Says(byte[] bytes, Encoding encoding) => bytes.AsSpan().IndexOf(encoding.GetBytes(Symbol)) >= 0;
}
